import Chance
import ParleyCore
import Testing

/// A mistake that somebody could make in the merge; the check must find each.
enum Flaw: CaseIterable {
    case forgetsUnseenHeads, dropsEqualValues, lastArrivalIsShown, nothingIsSuperseded, tiesByArrival
    case onlyLaterIsKept, coversTooMuch, coversTooLittle

    func merge(
        _ heads: [Head<String>], _ write: Head<String>, _ covers: (ChangeID) -> Bool
    ) -> [Head<String>] {
        switch self {
        case .forgetsUnseenHeads: return [write]
        case .dropsEqualValues:
            return merged(heads.filter { $0.content != write.content }, with: write, covers: covers)
        case .lastArrivalIsShown: return [write] + heads.filter { !covers($0.origin.change) }
        case .nothingIsSuperseded: return merged(heads, with: write) { _ in false }
        case .tiesByArrival:
            let unseen = heads.filter { !covers($0.origin.change) }
            let later = unseen.prefix { $0.origin.stamp.time > write.origin.stamp.time }
            return later + [write] + unseen.dropFirst(later.count)
        case .onlyLaterIsKept:
            return Array(merged(heads, with: write, covers: covers).prefix(1))
        case .coversTooMuch:
            return merged(heads, with: write) { covers(ChangeID(device: $0.device, number: $0.number - 1)) }
        case .coversTooLittle:
            return merged(heads, with: write) { covers(ChangeID(device: $0.device, number: $0.number + 1)) }
        }
    }
}

@Suite("The merge law")
struct MergeLawTests {
    private static func law(
        _ heads: [Head<String>], _ write: Head<String>, _ covers: (ChangeID) -> Bool
    ) -> [Head<String>] {
        merged(heads, with: write, covers: covers)
    }

    /// Delivers in that order and compares with the model after every changeset.
    /// - Returns: the changeset after which they differ.
    private func difference(
        _ history: History, in order: [ChangeID], merge: Replica.Merge
    ) -> ChangeID? {
        let model = NaiveModel(history: history)
        var replica = Replica()
        var held: Set<ChangeID> = []
        for change in order {
            guard let deed = history.deeds[change] else { return change }
            replica.take(deed, merge: merge)
            held.insert(change)
            for field in deed.writes.keys {
                if replica.heads[field] ?? [] != model.heads(of: field, among: held) { return change }
            }
        }
        return nil
    }

    /// - Returns: what went wrong with this seed, if anything did, and how many orders were tried.
    private func trial(
        _ seed: UInt64, orders: Int, merge: Replica.Merge = MergeLawTests.law
    ) -> (fault: String?, orders: Int) {
        var dice = Dice(seed &* 31)
        let history = History(seed: seed, devices: 2 + dice.below(3), acts: 4 + dice.below(12))
        for index in 0..<orders {
            let order = index == 0 ? history.order : history.shuffled(with: &dice)
            if let change = difference(history, in: order, merge: merge) {
                return ("seed \(seed), order \(index), after \(change)", index)
            }
        }
        return (nil, orders)
    }

    @Test("heads are a function of the set of changesets, in thousands of random histories")
    func randomHistories() {
        var orders = 0
        for seed in UInt64(1)...3000 {
            let result = trial(seed, orders: 4)
            if let fault = result.fault {
                Issue.record("\(fault)")
                return
            }
            orders += result.orders
        }
        promise("merge histories", count: 3000)
        promise("merge orders", count: orders)
    }

    @Test("every order of delivery leads to the same heads")
    func everyOrder() {
        var tried = 0
        for seed in UInt64(1)...150 {
            let history = History(seed: seed, devices: 3, acts: 6)
            for order in history.orders(atMost: 200) {
                tried += 1
                if let change = difference(history, in: order, merge: Self.law) {
                    Issue.record("seed \(seed), after \(change), order \(order)")
                    return
                }
            }
        }
        promise("merge every order", count: tried)
    }

    @Test("a planted flaw is found", arguments: Flaw.allCases)
    func plantedFlaw(flaw: Flaw) {
        let found = (UInt64(1)...200).first { trial($0, orders: 4, merge: flaw.merge).fault != nil }
        #expect(found != nil, "\(flaw) was not noticed in 200 seeds")
        promise("merge planted flaws", count: found == nil ? 0 : 1)
    }

    @Test("changesets that arrive again change nothing")
    func twice() {
        for seed in UInt64(1)...200 {
            var dice = Dice(seed)
            let history = History(seed: seed, devices: 3, acts: 12)
            var (once, often) = (Replica(), Replica())
            for (index, change) in history.order.enumerated() {
                for again in [change] + (0..<3).map({ _ in history.order[dice.below(index + 1)] }) {
                    history.deeds[again].map { often.take($0, merge: Self.law) }
                }
                history.deeds[change].map { once.take($0, merge: Self.law) }
                if once.heads != often.heads { Issue.record("seed \(seed), after \(change)") }
            }
        }
    }

    @Test("stamps of a history rise along each chain and above every context")
    func stampsRise() {
        for seed in UInt64(1)...300 {
            let history = History(seed: seed, devices: 4, acts: 12)
            for deed in history.deeds.values {
                let seen = deed.held.compactMap { history.deeds[$0]?.header.stamp }.max()
                if let seen, seen >= deed.header.stamp { Issue.record("seed \(seed): \(deed.header)") }
            }
        }
    }

    @Test("only heads with another value than the shown one are set aside")
    func asideIsDifferent() {
        func head(_ time: UInt64, _ device: UInt8, _ value: String) -> Head<String> {
            let stamp = Stamp(time: HybridTime(number: time), device: DeviceID(letter: device))
            return Head(origin: Origin(stamp: stamp, number: 1), content: value)
        }
        let heads = [head(9, 1, "x"), head(8, 2, "y"), head(7, 3, "x"), head(6, 4, "z")]
        #expect(setAside(heads).map(\.content) == ["y", "z"])
        #expect(setAside([Head<String>]()).isEmpty)
        #expect(setAside([head(1, 1, "x")]).isEmpty)
    }
}
