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

    enum Verdict { case shown, strict, hanging }

    init(_ marking: Marking, _ tx: ReadTransaction) throws {
        self.marking = marking
        strict = try Self.strict(marking, tx)
        hanging = try Self.hanging(on: strict, tx)
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
            guard let parts = register.value.list else { return register }
            let shown = parts.map { $0.ref.map { self[$0] == .shown } ?? true ? $0 : .null }
            return shown == parts ? register : RegisterImage(register.name, .list(shown))
        }
        return image
    }

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
