import ParleyClient
import ParleyCore
import ParleyProtocol
import ParleyStore
import ParleyTrust
import Testing

/// One way of altering a run of changesets, and the words by which the client says what is wrong with it.
private struct Alteration: CustomTestStringConvertible, Sendable {
    let name: String
    let words: String
    let alter: @Sendable (ChangesetRun) -> ChangesetRun

    init(_ name: String, _ words: String, _ alter: @escaping @Sendable (ChangesetRun) -> ChangesetRun) {
        self.name = name
        self.words = words
        self.alter = alter
    }

    /// Alters the changesets alone.
    static func changesets(
        _ name: String, _ words: String, _ alter: @escaping @Sendable (inout [[UInt8]]) -> Void
    ) -> Alteration {
        Alteration(name, words) { run in
            var run = run
            alter(&run.changesets)
            return run
        }
    }

    var testDescription: String { name }
}

/// Of Deceived.news: 0, 2, 4 are Olga's and 1, 3, 5 Ben's.
private let alterations: [Alteration] = [
    .changesets("a byte of a body", "not signed by that device") { $0[3][$0[3].count - 1] ^= 1 },
    .changesets("a byte of the last body", "not signed by that device") { $0[5][$0[5].count - 20] ^= 0x80 },
    .changesets("a body a byte shorter", "without the one before it") { $0[3].removeLast() },
    .changesets("a later stamp", "not signed by that device") { $0[5][25] ^= 1 },
    .changesets("two bodies of one device swapped", "not signed by that device") { swapBodies(&$0, 1, 5) },
    .changesets("two bodies of two devices swapped", "not signed by that device") { swapBodies(&$0, 4, 5) },
    .changesets("a sealed body said to be plain", "not signed by that device") { setEpoch(&$0[5], 0) },
    .changesets("a sealed body said to be of another epoch", "not signed by that device") {
        setEpoch(&$0[5], 77)
    },
    .changesets("one dropped in the middle of a chain", "without the one before it") { $0.remove(at: 3) },
    .changesets("the first of a chain dropped", "without the one before it") { $0.remove(at: 1) },
    .changesets("the last of a chain dropped", "not signed by that device") { $0.remove(at: 5) },
    .changesets("a whole chain dropped on which others rest", "on which it rests") {
        $0 = [$0[0], $0[2], $0[4]]
    },
    .changesets("two of a chain in the wrong order", "without the one before it") { $0.swapAt(1, 3) },
    .changesets("a chain before what it rests on", "on which it rests") {
        $0 = [$0[1], $0[3], $0[5], $0[0], $0[2], $0[4]]
    },
    .changesets("the second of one device under another's name", "without the one before it") {
        $0[2].replaceSubrange(2..<18, with: $0[1][2..<18])
    },
    .changesets("a device that nobody has let in", "nobody has let in") {
        $0[5].replaceSubrange(2..<18, with: [UInt8](repeating: 9, count: 16))
    },
    Alteration("no signatures", "not signed by that device") {
        ChangesetRun(changesets: $0.changesets, signatures: [])
    },
    Alteration("the signatures of two devices exchanged", "not signed by that device") { run in
        let signatures = run.signatures
        return ChangesetRun(
            changesets: run.changesets,
            signatures: zip(signatures, signatures.reversed()).map {
                SignedNumber(change: $0.change, signature: $1.signature)
            })
    },
]

private func parts(_ changeset: [UInt8]) -> (header: ChangesetHeader, body: [UInt8])? {
    guard let (header, body) = try? ChangesetHeader.decode(changeset) else { return nil }
    return (header, Array(changeset[body]))
}

private func swapBodies(_ changesets: inout [[UInt8]], _ one: Int, _ other: Int) {
    guard let first = parts(changesets[one]), let second = parts(changesets[other]) else { return }
    changesets[one] = first.header.encoded(bodySize: second.body.count) + second.body
    changesets[other] = second.header.encoded(bodySize: first.body.count) + first.body
}

private func setEpoch(_ changeset: inout [UInt8], _ epoch: UInt64) {
    guard let (old, body) = parts(changeset) else { return }
    var header = old
    header.epoch = epoch
    changeset = header.encoded(bodySize: body.count) + body
}

@Suite("A malicious server: changesets")
struct MaliciousChangesetTests {
    let scene: Deceived

    init() throws { scene = try Deceived() }

    @Test(
        "refused: nothing of an altered run is taken, and the client says what is wrong",
        arguments: alterations)
    private func altered(_ alteration: Alteration) throws {
        let before = try Holding(scene.cara)
        let visit = try scene.bench.visit(scene.cara, of: .altering(alteration.alter))
        let end = try #require(visit.end, "\(visit)")
        #expect(end.code == .malformed && !end.isRemote)
        #expect(end.text.contains(alteration.words), "\(end.text)")
        #expect(try Holding(scene.cara) == before)
        try scene.expectRecovery()
        print("promise: malicious-runs-refused count=1")
    }

    @Test("refused: something that is no changeset; what is signed beside it stands")
    func noChangeset() throws {
        let visit = try scene.bench.visit(
            scene.cara,
            of: .altering {
                ChangesetRun(changesets: [[1, 2, 3]] + $0.changesets, signatures: $0.signatures)
            })
        #expect(visit.end?.text.contains("bytes that are no change") == true, "\(visit)")
        #expect(try scene.cara.liveRows() == scene.olga.liveRows())
        try scene.expectRecovery()
    }

    @Test("refused: each byte of a changeset and of its signature, flipped")
    func flips() throws {
        let before = try Holding(scene.cara)
        let news = try scene.news()
        let size = news.changesets[5].count
        var count = 0
        for index in stride(from: 0, to: size + 64, by: 3) {
            let visit = try scene.bench.visit(
                scene.cara,
                of: .altering { run in
                    var run = run
                    if index < size {
                        run.changesets[5][index] ^= 1 << UInt8(index % 8)
                    } else {
                        for number in run.signatures.indices {
                            run.signatures[number].signature[index - size] ^= 4
                        }
                    }
                    return run
                })
            #expect(visit.end != nil && !visit.isInStep, "byte \(index): \(visit)")
            count += 1
        }
        #expect(try Holding(scene.cara) == before)
        try scene.expectRecovery()
        print("promise: malicious-bytes-refused count=\(count)")
    }

    @Test("harmless: the same run twice, and an order that rests on nothing missing")
    func repeated() throws {
        let run = try scene.news()
        let visit = try scene.bench.visit(
            scene.cara, of: .closing(with: [.changesets(run), .changesets(run)]))
        #expect(visit.isInStep && visit.doubts.isEmpty && visit.end == nil, "\(visit)")
        #expect(try scene.cara.liveRows() == scene.olga.liveRows())
        try scene.expectRecovery()
    }

    @Test(
        "void: a body that a colluding member has moved, or calls plain, opens for nobody and shows nothing")
    func colluding() throws {
        try scene.bench.sync(scene.cara)
        let shown = try scene.cara.liveRows()
        let own = try scene.ben.store.read { tx in
            try (1...3).map {
                try #require(try tx.log.rawEntry(of: ChangeID(device: scene.ben.device, number: $0)))
            }
        }
        let bodies = try own.map { try #require(parts($0.bytes)).body }
        for (body, isPlain) in [(bodies[0], false), (bodies[1], true), (Array(bodies[2].reversed()), false)] {
            let run = try forged(by: scene.ben, body: body, isPlain: isPlain)
            let visit = try scene.bench.visit(scene.cara, of: .closing(with: [.changesets(run)]))
            #expect(visit.end == nil, "it is signed and fits its chain: \(visit)")
        }
        let voided = try scene.cara.store.read { try $0.voidCounts() }
        #expect(voided.values.reduce(0, +) == 3, "\(voided)")
        #expect(try scene.cara.liveRows() == shown)
    }

    /// The next changeset of a member's chain, as a member who has sold the own key can make it.
    private func forged(by member: Workspace, body: [UInt8], isPlain: Bool) throws -> ChangesetRun {
        try scene.cara.store.read { tx in
            let head = try #require(try tx.log.head(of: member.device))
            let last = ChangeID(device: member.device, number: head.number)
            let epoch = try #require(try tx.log.header(of: last)).epoch
            let header = ChangesetHeader(
                change: ChangeID(device: member.device, number: head.number + 1),
                time: HybridTime(number: head.time.number + 1), epoch: isPlain ? 0 : epoch,
                context: Frontier())
            let bytes = header.encoded(bodySize: body.count) + body
            let hash = Chain.next(after: head.hash, bytes: bytes)
            let signature = try Chain.sign(
                head.number + 1, hash: hash, workspace: member.id, by: member.identity)
            return ChangesetRun(
                changesets: [bytes], signatures: [SignedNumber(change: header.change, signature: signature)])
        }
    }
}
