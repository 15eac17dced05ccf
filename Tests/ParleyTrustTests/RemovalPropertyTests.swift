import Chance
import ParleyCore
import ParleyTrust
import Testing

@Suite("The law of removals, by chance")
struct RemovalPropertyTests {
    private static let seeds: Range<UInt64> = 0..<1600

    /// Whole sets, and sets in which some statements are missing.
    private func sets(_ seed: UInt64) throws -> (crowd: RemovalCrowd, sets: [[Statement]]) {
        let crowd = try RemovalCrowd(seed: seed, statements: 18 + Int(seed % 17))
        guard seed % 3 == 0 else { return (crowd, [crowd.statements]) }
        let dropped = crowd.statements.enumerated().filter { $0.offset % 9 != 7 }.map(\.element)
        return (crowd, [crowd.statements, dropped])
    }

    @Test(
        "roster, reasons and standings are those of a naive reading of the law, in any order, and have an admin"
    )
    func naive() throws {
        var reasons: [Roster.VoidReason: Int] = [:]
        var standings: [Standing.Reason?: Int] = [:]
        var (sets, orders) = (0, 0)
        for seed in Self.seeds {
            var (crowd, all) = try self.sets(seed)
            for statements in all {
                let roster = try crowd.cast.roster(statements)
                let model = NaiveRoster(statements, crowd.cast.workspace)
                compare(roster, model, "seed \(seed)")
                compareEpochs(roster, model, "seed \(seed)")
                for member in crowd.members {
                    compareStandings(
                        roster, model, member.device.device, statements, &standings, "seed \(seed)")
                }
                orders += try compareOrders(roster, &crowd, statements, "seed \(seed)")
                let hasAdmin = roster.members.contains { roster.role(of: $0) == .admin }
                #expect(hasAdmin || roster.name == nil, "seed \(seed)")
                for reason in roster.void.values { reasons[reason, default: 0] += 1 }
                sets += 1
            }
        }
        print("promise: rosters naive count=\(sets)")
        print("promise: rosters shuffled count=\(orders)")
        for reason in Roster.VoidReason.allCases {
            #expect(reasons[reason, default: 0] >= 20, "\(reason) was hardly ever tried")
        }
        #expect(standings[.role, default: 0] >= 1000 && standings[.cut, default: 0] >= 1000)
        #expect(standings[nil, default: 0] >= 1000)
    }

    private func compare(_ roster: Roster, _ model: NaiveRoster, _ note: Comment) {
        let void = Dictionary(uniqueKeysWithValues: model.void.map { (model.order[$0].hash, $1) })
        #expect(roster.void == void, note)
        #expect(Set(roster.waiting) == model.waiting, note)
        #expect(roster.devices.mapValues(\.handle) == model.devices.mapValues(\.handle), note)
        let everything = Set(model.order.indices)
        for (handle, analyst) in roster.analysts {
            #expect(roster.role(of: handle) == model.role(of: handle, within: everything), note)
            #expect(analyst.role == model.given(handle, within: everything), note)
        }
        let handles = Set(model.devices.values.map(\.handle)).filter { model.admission(of: $0) != nil }
        #expect(Set(roster.analysts.keys) == handles, note)
        for device in roster.devices.keys { #expect(roster.isRevoked(device) == model.isOut(device), note) }
        let counting = model.counting.sorted()
        #expect(
            roster.newest == counting.last { model.order[$0].tag <= 7 }.map { model.order[$0].hash }, note)
        let heads = counting.filter { one in
            !counting.contains { model.order[$0].restsOn.contains(model.order[one].hash) }
        }
        #expect(roster.heads == heads.map { model.order[$0].hash }, note)
        let known = model.order.compactMap { statement -> DeviceID? in
            if case .enrol(let enrolment) = statement.content { enrolment.keys.device } else { nil }
        }
        for device in known where roster.keys(of: device) != nil {
            #expect(roster.keys(of: device)?.device == device, note)
        }
    }

    private func compareEpochs(_ roster: Roster, _ model: NaiveRoster, _ note: Comment) {
        var newest: StatementHash?
        for (place, statement) in model.order.enumerated() {
            guard case .epoch = statement.content else { continue }
            let counts = model.counting.contains(place)
            if counts { newest = statement.hash }
            #expect(roster.epochs[statement.hash]?.counts == counts, note)
            #expect(roster.epochs[statement.hash]?.sealedTo == model.sealedTo(statement.hash), note)
        }
        #expect(roster.newestEpoch == newest, note)
    }

    private func compareStandings(
        _ roster: Roster, _ model: NaiveRoster, _ device: DeviceID, _ statements: [Statement],
        _ seen: inout [Standing.Reason?: Int], _ note: Comment
    ) {
        let names = [nil] + statements.enumerated().filter { $0.offset % 5 == 0 }.map(\.element.hash)
        var answers: Set<Standing.Reason?> = []
        for name in names {
            if roster.devices[device] != nil {
                #expect(
                    roster.sealsPlain(naming: name, of: device) == model.sealsPlain(name, device), note)
            }
            for number in [1, 3, 5] as [UInt64] {
                let change = ChangeID(device: device, number: number)
                let answer: Standing.Reason? =
                    switch roster.standing(of: change, naming: name) {
                    case .counts: nil
                    case .void(let reason, _): reason
                    }
                #expect(answer == model.standing(change, name), note)
                answers.insert(answer)
                seen[answer, default: 0] += 1
            }
        }
        #expect(roster.judgesByNumber(device) || answers.count == 1, note)
    }

    /// Any order of arrival gives the same roster.
    private func compareOrders(
        _ roster: Roster, _ crowd: inout RemovalCrowd, _ statements: [Statement], _ note: Comment
    ) throws -> Int {
        for _ in 0..<2 {
            let order = (statements + statements.prefix(5)).shuffled(using: &crowd.cast.dice)
            #expect(try crowd.cast.roster(order) == roster, note)
        }
        return 2
    }
}
