internal import ParleyCore
internal import ParleyStore

/// What a source said last time: the base of the three-way merge.
extension Importer {
    /// Of all records of a transaction at once, in the order of the log.
    func bases(
        of group: [[ImportRow]], _ tx: ReadTransaction
    ) throws -> [String: [RecordName: [RegisterImage]]] {
        var asked: [String: [RecordName: UInt64]] = [:]
        for row in group.joined() where options.files[row.file].exported == nil {
            guard let found = row.found, found.exists else { continue }
            let source = options.files[row.file].source
            guard try sight.maySpeak(of: found.record, source) else { continue }
            asked[source, default: [:]][found.record, default: 0] |= row.read.fields
        }
        return try Dictionary(
            uniqueKeysWithValues: asked.map { ($0, try tx.importBases(source: $0, about: $1)) })
    }

    /// Of one record, of the registers in question at least.
    func base(
        of record: RecordName, _ values: [RegisterImage], _ tx: ReadTransaction
    ) throws -> [RegisterImage] {
        let file = options.files[file]
        if let exported = file.exported {
            let then = try tx.values(asOf: exported, record: record, registers: Set(values.map(\.name)))
            return then.map { RegisterImage($0, $1) }
        }
        if let known = bases[file.source]?[record] { return known }
        guard try sight.maySpeak(of: record, file.source) else { return [] }
        let base = try tx.importBases(source: file.source, about: [record: .max])[record] ?? []
        bases[file.source, default: [:]][record] = base
        return base
    }
}
