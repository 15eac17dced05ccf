internal import Chance
internal import ParleyCore

/// The life of one office under one seed: work, power cuts, and after each everything that must hold.
struct Episode {
    let seed: UInt64
    let cuts: Int
    let root: String
    /// An error to plant once everybody is set up, so that it is caught in the work and not before.
    var flaw: Flaw?

    /// How an episode ended.
    struct Failure: Error {
        let seed: UInt64
        let cut: Int
        let reason: String
        let story: [String]
    }

    func run() throws(Failure) {
        let office: Office
        do { office = try setUp() } catch {
            throw Failure(seed: seed, cut: 0, reason: "\(error)", story: [])
        }
        var dice = Dice(scattered: seed)
        var work = Work(office, Dice(scattered: dice.next()))
        for cut in 1...cuts {
            do { try live(office, &work, &dice, isLast: cut == cuts) } catch {
                throw Failure(seed: seed, cut: cut, reason: "\(error)", story: office.story)
            }
        }
    }

    private func setUp() throws -> Office {
        try plant(nil)
        let office = try Office(root: root, seed: seed)
        try plant(flaw)
        // A file is as its opening made it.
        if flaw != nil { try office.reopen() }
        return office
    }

    private func plant(_ flaw: Flaw?) throws {
        #if PlantedFlaws
            Flaw.planted = flaw
        #else
            try require(flaw == nil, "flaws are planted in a build with --traits PlantedFlaws alone")
        #endif
    }

    private func live(_ office: Office, _ work: inout Work, _ dice: inout Dice, isLast: Bool) throws {
        let machines = [office.server.power] + office.desks.map(\.power)
        let victim = dice.pick(machines)
        let seed = dice.next()
        victim.plan(cutAt: 1 + dice.below(dice.pick([3, 20, 80])), seed: seed)
        for _ in 0..<25 where !victim.isOff { try work.act() }
        if !victim.isOff { victim.cut(seed: seed) }
        office.tell("the power went at \(victim.folder.split(separator: "/").last ?? "")")
        try restart(office)
        if isLast || dice.chance(25) {
            try office.syncWhole(office.desks)
            try office.checkAgreement()
        }
    }

    /// Whoever was without power starts again; everybody is looked at.
    private func restart(_ office: Office) throws {
        if office.server.power.isOff {
            office.server.stop()
            office.server.power.restore()
            try office.server.start()
        }
        for desk in office.desks where desk.power.isOff {
            desk.stop()
            desk.power.restore()
            try desk.start()
            try office.check(desk)
            try desk.confirm()
        }
        try office.checkServer()
    }
}
