internal import ParleyCore

/// The greatest-stamped of what an import's source has said of some records.
struct ImportBases {
    private let fields: [RecordName: UInt64]
    private(set) var newest: [RecordName: [RegisterImage]]
    /// Beside each register the stamp under which it was said.
    private var stamps: [RecordName: [Stamp]] = [:]

    init(_ fields: [RecordName: UInt64]) {
        self.fields = fields
        newest = fields.mapValues { _ in [] }
    }

    mutating func add(_ body: ChangesetBody, _ stamp: Stamp, about record: RecordName) {
        let mask = fields[record] ?? 0
        for section in [body.written, body.said] {
            guard let group = body.group(of: record, in: section) else { continue }
            for write in body.writes(of: group) {
                guard write.field >= Field.tagLimit || mask & (1 << UInt64(write.field)) != 0 else {
                    continue
                }
                add(RegisterImage(body.register(of: write), body.value(of: write)), stamp, record)
            }
        }
    }

    private mutating func add(_ said: RegisterImage, _ stamp: Stamp, _ record: RecordName) {
        guard let place = newest[record]?.firstIndex(where: { $0.name == said.name }) else {
            newest[record]?.append(said)
            return stamps[record, default: []].append(stamp)
        }
        guard let known = stamps[record]?[place], known < stamp else { return }
        newest[record]?[place] = said
        stamps[record]?[place] = stamp
    }
}
