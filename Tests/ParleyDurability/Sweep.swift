internal import ParleyClient
internal import ParleyCore
internal import ParleyStore

/// Every point at which the disk may refuse something during one scenario, one after the other: the n-th
/// read, write, sync.. of each step fails, once or for ever, for every n until the step no longer gets there.
///
/// Each time the caller hears of it by a typed error, or the step has done its work all the same; the store is
/// as it was before or after the step; and when the disk is well again everything goes on, in the same
/// process, and after a restart or a power cut.
struct Sweep {
    struct Counts {
        var points = 0
        /// The step did its work in spite of the fault.
        var absorbed = 0
    }

    private let office: Office
    private let ben: Desk
    private let writtenByBen: Int
    private let acknowledgedToBen: UInt64
    private var counts = Counts()

    init(root: String) throws {
        office = try Office(root: root, seed: 1)
        ben = office.desks[1]
        try Self.furnish(office)
        for desk in office.desks { try desk.confirm() }
        writtenByBen = ben.written.count
        acknowledgedToBen = ben.acknowledged
        // Without power, so that write-ahead logs remain and opening has something to recover.
        office.server.stop()
        for desk in office.desks { desk.stop() }
        for power in [office.server.power] + office.desks.map(\.power) {
            power.cut(seed: 1)
            power.keep()
        }
    }

    /// Both analysts have something that the other lacks; the server lacks only what Ben wrote last.
    private static func furnish(_ office: Office) throws {
        for (index, desk) in office.desks.enumerated() {
            try desk.workspace?.importJudgments(30, from: "\(desk.name)'s feed")
            try desk.workspace?.setTitle(ofJudgment: UInt64(index), "before")
        }
        try office.syncWhole(office.desks)
        try office.desks[0].workspace?.importJudgments(20, from: "news")
        try office.syncWhole([office.desks[0]])
        try office.desks[1].workspace?.setTitle(ofJudgment: 7, "not sent yet")
    }

    mutating func run() throws -> Counts {
        for step in SweepStep.all {
            let before = counts
            for kind in Fault.Kind.allCases {
                for lasts in [false, true] { try sweep(step, kind, lasts) }
            }
            let (points, absorbed) = (counts.points - before.points, counts.absorbed - before.absorbed)
            print("\(step.name): \(points) points, \(absorbed) of them without harm")
            try require(points > 0, "\(step.name) was never put to the test")
        }
        return counts
    }

    private mutating func sweep(_ step: SweepStep, _ kind: Fault.Kind, _ lasts: Bool) throws {
        for nth in stride(from: 1, to: Int.max, by: step.pace) {
            let fault = Fault(kind: kind, nth: nth, lasts: lasts)
            do { guard try meet(fault, during: step) else { return } } catch {
                throw Violation("\(step.name), \(fault): \(error)")
            }
        }
    }

    /// - Returns: whether the step got as far as the fault.
    private mutating func meet(_ fault: Fault, during step: SweepStep) throws -> Bool {
        try reset(opening: !step.opens)
        let power = step.isOnServer ? office.server.power : ben.power
        power.plan(fault)
        let error = try step.attempt(office, ben)
        let isReached = power.mend() > 0
        if error == nil { try ben.confirm() }
        try require(isReached || error == nil, "an error without a fault: \(error.map { "\($0)" } ?? "")")
        if isReached {
            counts.points += 1
            if error == nil { counts.absorbed += 1 }
        }
        if fault.nth % 4 >= 2 { try restart(cutting: fault.nth % 4 == 3) }
        try goOn(step, cutting: fault.nth.isMultiple(of: 2))
        return isReached
    }

    private func reset(opening: Bool) throws {
        office.server.stop()
        office.server.power.revert()
        office.desks[0].stop()
        office.desks[0].power.revert()
        ben.revert(toWritten: writtenByBen, acknowledged: acknowledgedToBen)
        guard opening else { return }
        try office.server.start()
        try ben.start()
    }

    /// The disk is well again: the process works on, then another one, and all agree.
    private func goOn(_ step: SweepStep, cutting: Bool) throws {
        if office.server.relay == nil { try office.server.start() }
        try ben.start()
        try ben.workspace?.setTitle(ofJudgment: 3, "the disk is well again")
        try ben.confirm()
        var exchange = try Exchange(office, [ben])
        try require(try exchange.run().isInStep, "no sync when the disk is well again")
        try restart(cutting: cutting)
        try office.syncWhole(office.desks)
        try office.checkAgreement()
        if let error = try step.attempt(office, ben) { throw Violation("not even without a fault: \(error)") }
    }

    /// All processes end, by their own will or with the power, and others take their place.
    private func restart(cutting: Bool) throws {
        if cutting {
            for power in [office.server.power, ben.power] { power.cut(seed: 7) }
        }
        office.server.stop()
        for desk in office.desks { desk.stop() }
        for power in [office.server.power, ben.power] { power.restore() }
        try office.server.start()
        for desk in office.desks { try desk.start() }
        try office.check(ben)
        try ben.confirm()
        try office.checkServer()
    }
}
