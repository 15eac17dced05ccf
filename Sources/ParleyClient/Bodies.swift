internal import ParleyCore

extension ChangesetBody {
    /// One body, or the parts of a batch where the act is too large for one.
    /// - Parameter batch: names the batch of an act that is in none.
    static func parts(of act: Act, _ writes: Writes, batch: () -> [UInt8]) throws -> [ChangesetBody] {
        let whole = encode(act: act, written: writes.written, said: writes.said)
        if whole.count <= longest { return [try ChangesetBody(decoding: whole)] }
        let parts = try writes.split(atMost: longest - 4096)
        let batch = act[.batch] ?? .bytes(batch())
        return try parts.enumerated().map { index, part in
            var act = act
            act[.batch] = batch
            act[.part] = .int((act[.part]?.int ?? 1) + Int64(index))
            act[.last] = .bool(index == parts.count - 1 && (act[.last]?.bool ?? true))
            return try ChangesetBody(decoding: encode(act: act, written: part.written, said: part.said))
        }
    }

    /// The same for writes that stand by record and in order already, of an act that is in a batch.
    static func parts(
        of act: Act, records: [RecordImage], said: [RecordImage]
    ) throws -> [ChangesetBody] {
        let whole = try ChangesetBody(act: act, records: records, said: said)
        if whole.bytes.count <= longest { return [whole] }
        return try parts(of: act, Writes(records.flatMap(\.writes), said: said.flatMap(\.writes))) { [] }
    }
}

extension RecordImage {
    fileprivate var writes: [RegisterWrite] { registers.map { RegisterWrite(name, $0.name, $0.value) } }
}

extension Writes {
    /// Splits by record, then by register, so that each part's encoding stays below `limit` bytes.
    fileprivate func split(atMost limit: Int) throws -> [Writes] {
        var parts = [Writes()]
        var size = 0
        for (write, isSaid) in written.map({ ($0, false) }) + said.map({ ($0, true) }) {
            let bytes = 32 + (write.register.key?.utf8.count ?? 0) + write.value.encoded.count
            guard bytes <= limit else { throw ClientError.tooLarge(bytes: bytes) }
            if size + bytes > limit {
                parts.append(Writes())
                size = 0
            }
            size += bytes
            let last = parts.count - 1
            if isSaid { parts[last].said.append(write) } else { parts[last].written.append(write) }
        }
        return parts
    }
}
