import ParleyCore
import ParleyExchange

extension FuzzTarget {
    /// Input: which pieces, the length of a mapping (two bytes), the mapping, and the file that it reads.
    static let mappings = FuzzTarget(
        "mappings",
        seeds: {
            let files: [(mapping: [UInt8], file: String)] = [
                (
                    try Golden.example("forecastbench.yaml"),
                    #"{"set": "s", "questions": [{"id": ["a", 1], "source": "infer", "question": "Q\r\n\u0007", "freeze_datetime": "2026-08-06T00:00:00+00:00", "freeze_datetime_value": "0.424140620714"}, 7, {"id": 2}]}"#
                ),
                (
                    try Golden.example("forecastbench-resolutions.yaml"),
                    #"{"resolutions": [{"id": "a", "source": "infer", "resolved": true, "resolved_to": 1.0, "resolution_date": "2026-01-01"}]}"#
                ),
                (try Golden.example("perceptions.yaml"), "Likely,\"A, b\"\r\n75,0.001\r51,x\n12,101\n"),
                (
                    Array(
                        #"{format: jsonl, records: [{kind: evidence, key: "e:{$row}", each: l, rest: x.f, fields: {title: $item.t, tags: {from: g, split: ","}, "stance": {value: agree}}}]}"#
                            .utf8),
                    "{\"l\": [{\"t\": 1}]}\n"
                ),
                (
                    Array(
                        #"{format: jsonl, records: [{kind: evidence, key: "e:{a.b.-1|lower}", rest: x, fields: {title: {from: [c, a.b.*.d], join: ";", misfit: carry}, happened: {from: t, as: date, default: "2026"}}, links: [{rel: supports, to: "j:{c}"}]}]}"#
                            .utf8),
                    "{\"a\": {\"b\": [{\"d\": 1}, \"X\"]}, \"c\": \"y\"}\n{\"a\": {\"b\": [\"Z\"]}, \"t\": \"2026-02-30\"}\n"
                ),
            ]
            return files.map { mapping, file in
                [5, UInt8(mapping.count >> 8), UInt8(mapping.count & 255)] + mapping + Array(file.utf8)
            }
        },
        check: { input in
            var feed = Feed(input)
            let pattern = feed.byte()
            let yaml = feed.take(feed.number())
            let file = feed.rest()
            guard let mapping = try Foreign.mapping(yaml) else { return false }
            let whole = Foreign.read([file[...]], mapping)
            try hold(whole == Foreign.read(file.pieces(pattern), mapping), "pieces give other records")
            return try Foreign.judge(whole.results, of: file) > 0
        })
}

private enum Foreign {
    static func mapping(_ yaml: [UInt8]) throws -> Mapping? {
        do throws(DraftFault) {
            return try Mapping(yaml: yaml)
        } catch {
            try hold(!error.reason.isEmpty && error.line >= 0, "a mapping refused without a reason")
            return nil
        }
    }

    static func read(_ pieces: [ArraySlice<UInt8>], _ mapping: Mapping) -> Tables.Outcome {
        var reader = MappedReader(mapping)
        var outcome = Tables.Outcome()
        do throws(DraftFault) {
            for piece in pieces { try reader.feed(piece) { outcome.results.append($0) } }
            try reader.finish { outcome.results.append($0) }
        } catch { outcome.fault = error }
        return outcome
    }

    /// What is taken fits its fields, and what is refused says where and why.
    /// - Returns: how many records there are.
    static func judge(_ results: [Reading], of file: [UInt8]) throws -> Int {
        let lines = file.reduce(1) { $0 + ($1 == 0x0A || $1 == 0x0D ? 1 : 0) }
        var taken = 0
        for result in results {
            switch result {
            case .success(let draft):
                taken += 1
                try hold((1...lines).contains(draft.line), "line \(draft.line) of \(lines)")
                try hold(draft.keys.allSatisfy(RegisterName.isKey), "a key that is none")
                for write in draft.writes { try judge(write, of: draft) }
            case .failure(let fault):
                try hold((1...lines + 1).contains(fault.line), "line \(fault.line) of \(lines)")
                try hold(!fault.reason.isEmpty, "refused without a reason")
                try hold(fault.raw.count <= file.count, "a fault larger than its file")
            }
        }
        return taken
    }

    private static func judge(_ write: DraftWrite, of draft: RecordDraft) throws {
        guard case .value(let value) = write.content, let kind = Schema.assessments[tag: draft.kind],
            let field = kind[tag: write.register.field]
        else { return }
        try hold(field.type.accepts(value), "\(kind.text(of: write.register)) holds \(value.diagnostic)")
        try hold(field.merge.isKeyed == (write.register.key != nil), "\(write.register) is no register")
    }
}
