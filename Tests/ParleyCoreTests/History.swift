import Chance
import ParleyCore

/// A changeset of a random history: its header, what it writes, and, by name, all that its author held.
struct Deed {
    var header: ChangesetHeader
    /// Register → value; registers are plain fields 1, 2, 3..
    var writes: [UInt32: String]
    /// The model's context: every changeset that the author held, one by one.
    var held: Set<ChangeID>
}

/// Replicas that write and hand each other their work at random, within causality.
struct History {
    var deeds: [ChangeID: Deed] = [:]
    /// In the order in which they were made, which is one linear extension.
    var order: [ChangeID] = []

    init(seed: UInt64, devices: Int, acts: Int, fields: UInt32 = 2, values: Int = 3) {
        var dice = Dice(seed)
        var holding = [Set<ChangeID>](repeating: [], count: devices)
        while order.count < acts {
            let who = dice.below(devices)
            if dice.one(in: 2) {
                receive(from: dice.pick(holding), into: &holding[who], with: &dice)
            } else {
                let change = write(DeviceID(letter: UInt8(who + 1)), holding[who], fields, values, &dice)
                holding[who].insert(change)
            }
        }
    }

    /// Takes some or all of what another holds, in an order that causality allows.
    private func receive(from other: Set<ChangeID>, into mine: inout Set<ChangeID>, with dice: inout Dice) {
        let stopsEarly = dice.one(in: 2)
        for change in order where other.contains(change) && !mine.contains(change) {
            guard let deed = deeds[change], deed.held.isSubset(of: mine) else { continue }
            if stopsEarly, dice.one(in: 3) { continue }
            mine.insert(change)
        }
    }

    private mutating func write(
        _ device: DeviceID, _ held: Set<ChangeID>, _ fields: UInt32, _ values: Int, _ dice: inout Dice
    ) -> ChangeID {
        let number = UInt64(held.count { $0.device == device }) + 1
        let change = ChangeID(device: device, number: number)
        let seen = held.compactMap { deeds[$0]?.header.time }.max() ?? HybridTime(number: 0)
        // Clocks that differ by far more than the time between two acts.
        let time = HybridTime.next(after: seen, wall: 1000 + Int64(dice.below(4)) * Int64(dice.below(50)))
        var context = frontier(held)
        let previous = deeds[ChangeID(device: device, number: number - 1)]
        if let previous { context = context.difference(from: frontier(previous.held)) }
        context[device] = 0
        var writes: [UInt32: String] = [:]
        for field in 1...fields where field == 1 || dice.one(in: 2) {
            writes[field] = "v\(dice.below(values))"
        }
        deeds[change] = Deed(
            header: ChangesetHeader(change: change, time: time, context: context), writes: writes, held: held)
        order.append(change)
        return change
    }

    private func frontier(_ held: Set<ChangeID>) -> Frontier {
        var frontier = Frontier()
        for change in held { frontier[change.device] = max(frontier[change.device], change.number) }
        return frontier
    }

    /// A random order of delivery that causality allows.
    func shuffled(with dice: inout Dice) -> [ChangeID] {
        var left = order
        var arrived: Set<ChangeID> = []
        var result: [ChangeID] = []
        while !left.isEmpty {
            let ready = left.indices.filter { deeds[left[$0]]?.held.isSubset(of: arrived) ?? false }
            let change = left.remove(at: dice.pick(ready))
            arrived.insert(change)
            result.append(change)
        }
        return result
    }

    /// Every order of delivery that causality allows, at most so many.
    func orders(atMost limit: Int) -> [[ChangeID]] {
        var found: [[ChangeID]] = []
        extend([], Set(order), &found, limit)
        return found
    }

    private func extend(
        _ prefix: [ChangeID], _ left: Set<ChangeID>, _ found: inout [[ChangeID]], _ limit: Int
    ) {
        guard found.count < limit else { return }
        if left.isEmpty { return found.append(prefix) }
        for change in left.sorted() where deeds[change]?.held.isDisjoint(with: left) ?? false {
            extend(prefix + [change], left.subtracting([change]), &found, limit)
        }
    }
}

/// The merge law as one would say it, without frontiers and without an order of arrival: the heads of a set
/// of changesets are the writes that no other write to the register, by one who held them, replaced.
struct NaiveModel {
    let history: History

    func heads(of field: UInt32, among held: Set<ChangeID>) -> [Head<String>] {
        let writers = held.filter { history.deeds[$0]?.writes[field] != nil }
        let alive = writers.filter { one in
            !writers.contains { history.deeds[$0]?.held.contains(one) ?? false }
        }
        let heads = alive.compactMap { change -> Head<String>? in
            guard let deed = history.deeds[change], let value = deed.writes[field] else { return nil }
            return Head(origin: deed.header.origin, content: value)
        }
        return heads.sorted { Self.isLater($0.origin, $1.origin) }
    }

    /// Milliseconds, counter, then the device's bytes: written out, not by the code under test.
    private static func isLater(_ left: Origin, _ right: Origin) -> Bool {
        let (one, other) = (left.stamp, right.stamp)
        if one.time.milliseconds != other.time.milliseconds {
            return one.time.milliseconds > other.time.milliseconds
        }
        if one.time.counter != other.time.counter { return one.time.counter > other.time.counter }
        return other.device.number.bigEndianBytes.lexicographicallyPrecedes(one.device.number.bigEndianBytes)
    }
}

/// A replica that knows nothing but headers and the merge law: the least store there could be.
struct Replica {
    typealias Merge = ([Head<String>], Head<String>, (ChangeID) -> Bool) -> [Head<String>]

    var heads: [UInt32: [Head<String>]] = [:]
    var frontier = Frontier()
    private var contexts: [DeviceID: Frontier] = [:]

    /// Takes a changeset; a number that is held already is passed over.
    mutating func take(_ deed: Deed, merge: Merge) {
        let change = deed.header.change
        guard !frontier.covers(change) else { return }
        var context = contexts[change.device] ?? Frontier()
        context.merge(deed.header.context)
        context[change.device] = change.number - 1
        contexts[change.device] = context
        for (field, value) in deed.writes {
            let write = Head(origin: deed.header.origin, content: value)
            heads[field] = merge(heads[field] ?? [], write) { context.covers($0) }
        }
        frontier[change.device] = change.number
    }
}
