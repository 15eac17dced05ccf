import ParleyCore
import ParleyExchange
import ParleyProtocol

extension FuzzTarget {
    /// Input: which pieces, then a STIX bundle. What is read of it is written, read and written again.
    static let stix = FuzzTarget(
        "stix",
        seeds: {
            let texts: [String] = [
                #"{"type":"bundle","id":"bundle--00000000-0000-4000-8000-000000000001","objects":[{"type":"note","id":"note--00000000-0000-4000-8000-000000000001","extensions":{"extension-definition--c0777c7d-c1b2-48c6-85f6-be33384230d7":{"kind":"judgment","id":"J-3KQ7F9QX2M3KQ7F9QX2M3KQ7F8","fields":{"title":"t","stance@~a":["agree","b"]}}}}]}"#,
                #"{"objects":[{"type":"x-a","id":"x-a--00000000-0000-4000-8000-000000000001","a":[{"b":[null,1.5,"\u0000"]}],"labels":["a"],"revoked":true,"name":""}]}"#,
                #"{"type":"tool","id":"tool--00000000-0000-4000-8000-000000000001","extensions":{"extension-definition--c0777c7d-c1b2-48c6-85f6-be33384230d7":{"fields":{"title":null,"tags:a":false}}}}"#,
            ]
            return [[9] + (try Golden.example("partner-bundle.json"))] + texts.map { [5] + Array($0.utf8) }
        },
        check: { input in
            guard let pattern = input.first else { return false }
            let file = Array(input.dropFirst())
            let whole = Bundled.read([file[...]])
            try hold(whole == Bundled.read(file.pieces(pattern)), "pieces give other records")
            let taken = try Drafts.judge(whole.results, of: file, isOrdered: false)
            try Bundled.goThrough(taken)
            return !taken.isEmpty
        })
}

private enum Bundled {
    static let names = StixNames(
        record: { DerivedID.record(kind: $0, key: $1) }, derived: { DerivedID.named($0) })

    static func read(_ pieces: [ArraySlice<UInt8>]) -> Tables.Outcome {
        var reader = StixReader(names, me: "olga")
        var outcome = Tables.Outcome()
        do throws(DraftFault) {
            for piece in pieces { try reader.feed(piece) { outcome.results.append($0) } }
            try reader.finish { outcome.results.append($0) }
        } catch { outcome.fault = error }
        return outcome
    }

    /// Each record by itself: as a bundle, read again, as a bundle again.
    static func goThrough(_ drafts: [RecordDraft]) throws {
        for draft in drafts {
            guard let image = image(draft) else { continue }
            let bundle = write(image)
            let outcome = read([bundle[...]])
            try hold(
                outcome.fault == nil, "a bundle that is not read: \(String(decoding: bundle, as: UTF8.self))")
            let again = outcome.results.lazy.compactMap { try? $0.get() }.compactMap(Self.image)
                .first { $0.name == image.name }
            guard let again else {
                throw Violation("a record is lost in \(String(decoding: bundle, as: UTF8.self))")
            }
            try hold(
                write(again) == bundle,
                "written as another bundle: \(String(decoding: bundle + write(again), as: UTF8.self))")
        }
    }

    private static func image(_ draft: RecordDraft) -> RecordImage? {
        var resolved = draft
        for (index, write) in draft.writes.enumerated() {
            switch write.content {
            case .value: continue
            case .record(let key, let kind):
                resolved.writes[index].content = .value(.ref(names.record(kind, key)))
            case .text: return nil
            }
        }
        resolved.writes.removeAll { $0.content == .value(.null) }
        for key in draft.keys where !resolved.writes.contains(where: { $0.register.key == key }) {
            resolved.writes.append(
                DraftWrite(RegisterName(field: Field.keysTag, key: key), .value(.bool(true))))
        }
        guard let id = draft.id ?? draft.keys.first.map({ names.record(draft.kind, $0) }) else { return nil }
        return Drafts.image(resolved, id)
    }

    private static func write(_ image: RecordImage) -> [UInt8] {
        var writer = StixWriter(
            names, StixReferences(id: { StixWriter.id(of: $0, names) }, image: { _ in nil }))
        let facts = StixFacts(
            created: Instant(milliseconds: 1), changed: Instant(milliseconds: 2), isLocal: false,
            author: "olga")
        return StixWriter.head + writer.objects(of: image, facts) + writer.tail()
    }
}
