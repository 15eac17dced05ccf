import ParleyCore
import ParleyProtocol
import ParleyServer
import ParleyTrust
import Testing

/// What is passed on is what was stored a moment ago, not read from the log again.
@Suite("What several push in one turn")
struct PassingOnTests {
    let stage: Stage
    let olga: ConnectionID
    let ben: Stage.Invited
    let ken: Stage.Invited

    init() throws {
        stage = try Stage()
        olga = try stage.host()
        ben = try stage.invited("ben", .analyst)
        ken = try stage.invited("ken", .reader)
    }

    /// A session of somebody who holds nothing.
    private func come(_ who: Stage.Invited) throws -> ConnectionID {
        let id = stage.connect(as: who.identity.keys.channel)
        _ = try stage.say(stage.hello(who.identity.device, [who.grant, who.enrolment]), id)
        _ = try stage.say(.frontier([]), id)
        return id
    }

    private func push(_ messages: [Message], by id: ConnectionID) {
        for message in messages { stage.relay.received(message.frame.encoded[...], from: id, at: stage.now) }
    }

    private func runs(_ messages: [Message]) -> [ChangesetRun] {
        messages.compactMap { if case .changesets(let run) = $0 { run } else { nil } }
    }

    @Test("others hear as one message, its authors not their own, and a newcomer hears the same")
    func passedOn() throws {
        let (bens, kens) = (try come(ben), try come(ken))
        let his = try stage.chain(of: ben.identity, 3)
        let hers = try stage.changeset(of: stage.founder)
        _ = try stage.say(.ping(time: 1), kens)
        push(his, by: bens)
        push([hers], by: olga)
        try stage.turn()
        let (his3, hers1) = (runs(his), try #require(runs([hers]).first))
        let last = try #require(his3.last)
        let all = ChangesetRun(
            changesets: his3.flatMap(\.changesets) + hers1.changesets,
            signatures: last.signatures + hers1.signatures)
        #expect(runs(stage.hears(kens)) == [all], "with the last signature of each chain")
        #expect(runs(stage.hears(bens)) == [hers1])
        #expect(
            runs(stage.hears(olga))
                == [ChangesetRun(changesets: his3.flatMap(\.changesets), signatures: last.signatures)])
        let later = stage.connect(as: ken.identity.keys.channel)
        _ = try stage.say(stage.hello(ken.identity.device), later)
        let heard = runs(try stage.say(.frontier([]), later))
        #expect(heard == [all], "read from the log")
    }

    @Test("those who wait for it are told before those who are told that it is stored")
    func first() throws {
        let (bens, kens) = (try come(ben), try come(ken))
        for message in try stage.chain(of: ben.identity, 8) {
            push([message], by: bens)
            try stage.turn()
            #expect(Set(stage.told) == [bens, kens, olga] && stage.told.last == bens)
        }
    }

    @Test("of which one is refused, the others hear without it")
    func withoutRefused() throws {
        let (bens, kens) = (try come(ben), try come(ken))
        var forged = try #require(runs([stage.changeset(of: ben.identity)]).first)
        forged.signatures[0].signature[0] ^= 1
        let hers = try stage.changeset(of: stage.founder)
        _ = try stage.say(.ping(time: 1), kens)
        push([.changesets(forged)], by: bens)
        push([hers], by: olga)
        try stage.turn()
        #expect(runs(stage.hears(kens)) == runs([hers]))
        #expect(runs(stage.hears(bens)) == runs([hers]))
        #expect(runs(stage.hears(olga)).isEmpty)
    }
}
