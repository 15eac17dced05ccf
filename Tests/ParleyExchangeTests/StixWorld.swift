import Foundation
import ParleyCore
import ParleyExchange

/// A workspace as far as an exchange of STIX needs one: drafts in, bundles out.
struct StixWorld {
    private(set) var records: [RecordName: [RegisterName: Value]] = [:]
    private(set) var drafts: [RecordDraft] = []
    private(set) var faults: [DraftFault] = []
    private(set) var unused = 0
    /// Records that somebody has changed here.
    var local: Set<RecordName> = []
    var changed = Instant(milliseconds: 1_800_000_000_000)

    static let names = StixNames(
        record: { kind, key in RecordID(hash([UInt8(truncatingIfNeeded: kind), 0] + Array(key.utf8), 0x50)) },
        derived: { RecordID(hash($0, 0x5A)) })

    /// No UUID of anybody's, but one that is different for different names.
    private static func hash(_ bytes: [UInt8], _ seed: UInt128) -> UInt128 {
        var sum: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d ^ seed
        for byte in bytes { sum = (sum ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013B }
        let version: UInt128 = 0x5 << 76
        let variant: UInt128 = 0x8 << 60
        return sum & ~(0xF << 76) & ~(0xC << 60) | version | variant
    }

    // MARK: In

    mutating func take(_ bytes: [UInt8], chunk: Int = 4096, me: String? = "olga") throws(DraftFault) {
        let own = records.keys.filter { image($0).map { StixWriter.isOwn($0, Self.names) } ?? false }
        let known = Dictionary(uniqueKeysWithValues: own.map { (id(of: $0), $0) })
        var reader = StixReader(Self.names, me: me) { known[$0] }
        var results: [Result<RecordDraft, DraftFault>] = []
        defer {
            unused = reader.unused
            for result in results { take(result) }
        }
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            try reader.feed(bytes[start..<min(start + chunk, bytes.count)]) { results.append($0) }
        }
        try reader.finish { results.append($0) }
    }

    mutating func take(_ text: String, chunk: Int = 7) throws(DraftFault) {
        try take(Array(text.utf8), chunk: chunk)
    }

    private mutating func take(_ result: Result<RecordDraft, DraftFault>) {
        switch result {
        case .failure(let fault): faults.append(fault)
        case .success(let draft):
            drafts.append(draft)
            var registers: [RegisterName: Value] = [:]
            for write in draft.writes { registers[write.register] = value(write.content) }
            for key in draft.keys { registers[RegisterName(field: 9, key: key)] = .bool(true) }
            records[name(of: draft, registers), default: [:]].merge(registers) { $1 }
        }
    }

    private func value(_ content: DraftContent) -> Value {
        switch content {
        case .value(let value): value
        case .record(let key, let kind): .ref(Self.names.record(kind, key))
        case .text(let text): .text("unresolved " + text)
        }
    }

    private func name(of draft: RecordDraft, _ registers: [RegisterName: Value]) -> RecordName {
        let ends = [16, 17, 18].map { registers[RegisterName(field: $0)]?.diagnostic ?? "" }.joined()
        let id = draft.id ?? draft.keys.first.map { Self.names.record(draft.kind, $0) }
        return RecordName(kind: draft.kind, id: id ?? Self.names.record(draft.kind, ends))
    }

    mutating func put(_ image: RecordImage) {
        records[image.name] = Dictionary(uniqueKeysWithValues: image.registers.map { ($0.name, $0.value) })
    }

    /// Somebody changes a field here; null clears it.
    mutating func edit(_ name: RecordName, _ address: String, _ value: Value) throws {
        let kind = Schema.assessments[tag: name.kind]
        guard let register = try kind?.register(named: address) else { return }
        records[name]?[register] = value == .null ? nil : value
        local.insert(name)
    }

    // MARK: Out

    func image(_ name: RecordName) -> RecordImage? {
        records[name].map { registers in
            let images = registers.filter { $0.value != .null }.map { RegisterImage($0.key, $0.value) }
            return RecordImage(name: name, registers: images.sorted { $0.name < $1.name })
        }
    }

    private func image(_ id: RecordID) -> RecordImage? {
        records.keys.first { $0.id == id }.flatMap(image)
    }

    private func id(of name: RecordName) -> StixID {
        image(name).map { StixWriter.id(of: $0, Self.names) } ?? StixWriter.id(of: name.id, Self.names)
    }

    func bundle() -> [UInt8] {
        var writer = StixWriter(
            Self.names,
            StixReferences(
                id: { id in
                    image(id).map { StixWriter.id(of: $0, Self.names) } ?? StixWriter.id(of: id, Self.names)
                },
                image: { image($0) }))
        var bytes = StixWriter.head
        for name in records.keys.sorted() {
            guard let image = image(name) else { continue }
            let isLocal =
                local.contains(name) || image.value(of: StixWriter.stated(of: image, Self.names)) == nil
            let facts = StixFacts(
                created: Instant(milliseconds: 1_700_000_000_000), changed: changed, isLocal: isLocal,
                author: "olga")
            bytes += writer.objects(of: image, facts)
        }
        return bytes + writer.tail()
    }

    /// The objects of the bundle by their ids.
    func objects() throws -> [String: [String: Any]] { try Self.objects(bundle()) }

    /// As trees, since Foundation takes byte order marks out of texts.
    static func trees(_ bytes: [UInt8]) throws -> [String: JSONTree] {
        let objects = try JSONTree(parsing: bytes)["objects"]?.list ?? []
        return Dictionary(objects.map { ($0["id"]?.text ?? "?", $0) }) { $1 }
    }

    static func objects(_ bytes: [UInt8]) throws -> [String: [String: Any]] {
        let document = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] ?? [:]
        let objects = document["objects"] as? [[String: Any]] ?? [document]
        return Dictionary(objects.map { ($0["id"] as? String ?? "?", $0) }) { $1 }
    }
}

/// Objects for tests, by their type, a digit that tells them apart, and what else they have.
enum Stix {
    static func id(_ type: String, _ digit: Int) -> String {
        "\(type)--00000000-0000-4000-8000-00000000000\(digit)"
    }

    static func object(_ type: String, _ digit: Int, _ more: String = "") -> String {
        let time = "2026-01-02T03:04:05.678901Z"
        let dates = #""created":"\#(time)","modified":"\#(time)","spec_version":"2.1""#
        return #"{"type":"\#(type)","id":"\#(id(type, digit))",\#(dates)\#(more.isEmpty ? "" : ",")\#(more)}"#
    }

    static func bundle(_ objects: String...) -> String {
        #"{"type":"bundle","id":"\#(id("bundle", 1))","objects":["# + objects.joined(separator: ",\n") + "]}"
    }
}
