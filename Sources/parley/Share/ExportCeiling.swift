import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyStore

/// What an export may not show: records stricter than a marking, what lies below those, and what is said of
/// them. The rule is a report's (`Dossier.limited`), for a whole workspace; a marking that this version does
/// not know counts as stricter than all.
struct ExportCeiling {
    let marking: Marking
    private let strict: Set<RecordID>
    private let hanging: Set<RecordID>
    /// Under which ids what is left out is known to others: objects of STIX name each other so in what is carried
    /// along with them.
    private let foreign: Set<String>

    enum Verdict { case shown, strict, hanging }

    init(_ marking: Marking, _ tx: ReadTransaction) throws {
        self.marking = marking
        strict = try Self.strict(marking, tx)
        hanging = try Self.hanging(on: strict, tx)
        foreign = try Self.foreignIDs(of: strict.union(hanging), tx)
    }

    subscript(record: RecordID) -> Verdict {
        if strict.contains(record) { return .strict }
        return hanging.contains(record) ? .hanging : .shown
    }

    /// The record without its references to what is left out.
    func limited(_ image: RecordImage) -> RecordImage {
        var image = image
        image.registers = image.registers.compactMap { register in
            guard register.value.ref.map({ self[$0] == .shown }) ?? true else { return nil }
            if register.name.field == Field.columnsTag { return carried(register) }
            guard let parts = register.value.list else { return register }
            let shown = parts.map { $0.ref.map { self[$0] == .shown } ?? true ? $0 : .null }
            return shown == parts ? register : RegisterImage(register.name, .list(shown))
        }
        return image
    }

    // MARK: What is carried along

    private func carried(_ register: RegisterImage) -> RegisterImage? {
        guard !foreign.isEmpty, register.name.key?.hasPrefix(Self.carriedPrefix) ?? false else {
            return register
        }
        return named(register.value).map { RegisterImage(register.name, $0) }
    }

    private static let carriedPrefix = "stix"

    /// A value without what names a record that is left out; nil where nothing else is in it.
    private func named(_ value: Value) -> Value? {
        switch value {
        case .text(let text): return names(text) ? nil : value
        case .list(let items):
            let shown = items.compactMap(named)
            return shown.isEmpty && !items.isEmpty ? nil : .list(shown)
        case .other(let bytes): return names(String(decoding: bytes, as: UTF8.self)) ? nil : value
        default: return value
        }
    }

    private func names(_ text: String) -> Bool {
        let words = text.utf8.split { byte in
            let isLetter = (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
            return !isLetter && byte != UInt8(ascii: "-")
        }
        return words.contains { foreign.contains(String(decoding: $0, as: UTF8.self)) }
    }

    private static func foreignIDs(of records: Set<RecordID>, _ tx: ReadTransaction) throws -> Set<String> {
        var ids: Set<String> = []
        for record in records {
            guard let name = try tx.find(record...record, limit: 1).first else { continue }
            for key in try tx.image(of: name)?.registers(of: Field.keysTag).compactMap(\.name.key) ?? []
            where key.hasPrefix(keyPrefix) {
                ids.insert(String(key.dropFirst(keyPrefix.count)))
            }
        }
        return ids
    }

    private static let keyPrefix = "stix:"

    // MARK: Who is stricter

    private static func strict(_ marking: Marking, _ tx: ReadTransaction) throws -> Set<RecordID> {
        let admitted = Marking.allCases.filter { $0 <= marking }.map { Value.text($0.rawValue) }
        let query = RecordQuery(
            [.isSet("tlp"), .not(.field("tlp", oneOf: admitted))], includesDeleted: true)
        var strict = Set(try tx.query(query).rows.map(\.name.id))
        // What a later write set aside unseen still holds.
        for aside in try tx.asides(limit: .max) where aside.register == markingRegister {
            if aside.head.value != .null, !admitted.contains(aside.head.value) {
                strict.insert(aside.record.id)
            }
        }
        try eachUnknown(tx) { image in
            let value = image[Field.markingTag]
            if value != .null, !admitted.contains(value) { strict.insert(image.name.id) }
        }
        return strict
    }

    private static let markingRegister = RegisterName(field: Field.markingTag)

    // MARK: What hangs on them

    private static func hanging(on strict: Set<RecordID>, _ tx: ReadTransaction) throws -> Set<RecordID> {
        var (gone, open) = (strict, Array(strict))
        var unknown: [RecordID: [RecordID]] = [:]
        if !open.isEmpty {
            try eachUnknown(tx) { image in
                if let parent = image[Field.parentTag].ref {
                    unknown[parent, default: []].append(image.name.id)
                }
            }
        }
        while !open.isEmpty {
            var found = open.flatMap { unknown[$0] ?? [] }
            for kind in Schema.assessments.kinds {
                for field in kind.bonds {
                    found += try tx.referrers(to: open, by: field, of: kind.tag).map(\.id)
                }
            }
            open = found.filter { gone.insert($0).inserted }
        }
        return gone.subtracting(strict)
    }

    private static func eachUnknown(_ tx: ReadTransaction, _ body: (RecordImage) -> Void) throws {
        let kinds = try tx.kinds().filter { Schema.assessments[tag: $0] == nil }
        try tx.eachRecord(of: kinds) { image in
            body(image)
            return true
        }
    }
}
