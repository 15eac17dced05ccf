import ParleyCore
import Testing

/// A situation between colleagues, in words, and what everybody must see in the end.
struct Ordering: CustomTestStringConvertible, Sendable {
    struct Write: Sendable {
        var device: UInt8
        var number: UInt64
        var milliseconds: Int64
        var context: [UInt8: UInt64]
        var value: String
    }
    var name: String
    var writes: [Write]
    var shown: String
    var aside: [String] = []

    var testDescription: String { name }
}

private func write(
    _ device: UInt8, _ number: UInt64, at milliseconds: Int64, having context: [UInt8: UInt64] = [:],
    _ value: String
) -> Ordering.Write {
    Ordering.Write(
        device: device, number: number, milliseconds: milliseconds, context: context, value: value)
}

private let olga: UInt8 = 1
private let ben: UInt8 = 2
private let ken: UInt8 = 3

@Suite("Orderings with names")
struct MergeOrderingsTests {
    static let catalogue = [
        Ordering(
            name: "Olga corrects herself",
            writes: [write(olga, 1, at: 10, "low"), write(olga, 2, at: 11, "high")], shown: "high"),
        Ordering(
            name: "Ben answers what Olga wrote",
            writes: [write(olga, 1, at: 10, "low"), write(ben, 1, at: 20, having: [olga: 1], "high")],
            shown: "high"),
        Ordering(
            name: "both write offline",
            writes: [write(olga, 1, at: 10, "low"), write(ben, 1, at: 20, "high")], shown: "high",
            aside: ["low"]),
        Ordering(
            name: "both write the same offline",
            writes: [write(olga, 1, at: 10, "low"), write(ben, 1, at: 20, "low")], shown: "low"),
        Ordering(
            name: "in one millisecond the greater device is shown",
            writes: [write(ben, 1, at: 10, "ben"), write(olga, 1, at: 10, "olga")], shown: "ben",
            aside: ["olga"]),
        Ordering(
            name: "Ken settles what Olga and Ben wrote",
            writes: [
                write(olga, 1, at: 10, "low"), write(ben, 1, at: 20, "high"),
                write(ken, 1, at: 30, having: [olga: 1, ben: 1], "moderate"),
            ], shown: "moderate"),
        Ordering(
            name: "Ken settles what he knows, and Ben's write stays aside",
            writes: [
                write(olga, 1, at: 10, "low"), write(ben, 1, at: 20, "high"),
                write(ken, 1, at: 30, having: [olga: 1], "moderate"),
            ], shown: "moderate", aside: ["high"]),
        Ordering(
            name: "Olga's clock is a year ahead until somebody answers her",
            writes: [
                write(olga, 1, at: 31_536_000_000, "low"), write(ben, 1, at: 20, "high"),
                write(ben, 2, at: 21, having: [olga: 1], "moderate"),
            ], shown: "moderate"),
        Ordering(
            name: "Olga keeps the value, and her keeping supersedes both",
            writes: [
                write(olga, 1, at: 10, "low"), write(ben, 1, at: 20, "high"),
                write(olga, 2, at: 30, having: [ben: 1], "high"),
            ], shown: "high"),
        Ordering(
            name: "two settle at once with one outcome",
            writes: [
                write(olga, 1, at: 10, "low"), write(ben, 1, at: 20, "high"),
                write(olga, 2, at: 30, having: [ben: 1], "moderate"),
                write(ben, 2, at: 31, having: [olga: 1], "moderate"),
            ], shown: "moderate"),
        Ordering(
            name: "two settle at once with two outcomes",
            writes: [
                write(olga, 1, at: 10, "low"), write(ben, 1, at: 20, "high"),
                write(olga, 2, at: 30, having: [ben: 1], "low"),
                write(ben, 2, at: 31, having: [olga: 1], "high"),
            ], shown: "high", aside: ["low"]),
        Ordering(
            name: "Ben saw Olga through Ken",
            writes: [
                write(olga, 1, at: 10, "low"), write(ken, 1, at: 20, having: [olga: 1], "moderate"),
                write(ben, 1, at: 30, having: [olga: 1, ken: 1], "high"),
            ], shown: "high"),
        Ordering(
            name: "an old value comes back late and is aside, not shown",
            writes: [
                write(olga, 1, at: 100, "new"), write(ben, 1, at: 1, "old"),
                write(olga, 2, at: 101, "newer"),
            ], shown: "newer", aside: ["old"]),
    ]

    @Test("everybody sees the same, in every order", arguments: catalogue)
    func ordering(ordering: Ordering) {
        let deeds = deeds(of: ordering)
        var tried = 0
        for order in permutations(deeds) where isCausal(order) {
            var replica = Replica()
            for deed in order { replica.take(deed) { merged($0, with: $1, covers: $2) } }
            let heads = replica.heads[1] ?? []
            #expect(heads.first?.content == ordering.shown)
            #expect(setAside(heads).map(\.content) == ordering.aside)
            tried += 1
        }
        #expect(tried > 0)
        promise("merge named orderings", count: tried)
    }

    private func deeds(of ordering: Ordering) -> [Deed] {
        var made: [ChangeID: Deed] = [:]
        return ordering.writes.map { write in
            let change = ChangeID(device: DeviceID(letter: write.device), number: write.number)
            var context = Frontier()
            for (device, number) in write.context { context[DeviceID(letter: device)] = number }
            let own = write.number > 1 ? [ChangeID(device: change.device, number: write.number - 1)] : []
            var held = Set(own + context.sorted.flatMap(upTo))
            for change in held { held.formUnion(made[change]?.held ?? []) }
            let seen = held.compactMap { made[$0]?.header.time }.max() ?? HybridTime(number: 0)
            let time = HybridTime.next(after: seen, wall: write.milliseconds)
            let header = ChangesetHeader(change: change, time: time, context: context)
            let deed = Deed(header: header, writes: [1: write.value], held: held)
            made[change] = deed
            return deed
        }
    }

    private func upTo(_ last: ChangeID) -> [ChangeID] {
        (1...last.number).map { ChangeID(device: last.device, number: $0) }
    }

    private func isCausal(_ order: [Deed]) -> Bool {
        var arrived: Set<ChangeID> = []
        return order.allSatisfy {
            arrived.insert($0.header.change).inserted && $0.held.isSubset(of: arrived)
        }
    }

    private func permutations(_ deeds: [Deed]) -> [[Deed]] {
        guard deeds.count > 1 else { return [deeds] }
        return deeds.indices.flatMap { index in
            var rest = deeds
            let first = rest.remove(at: index)
            return permutations(rest).map { [first] + $0 }
        }
    }
}
