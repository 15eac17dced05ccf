import ParleyCore
import Testing

@Suite("The hybrid clock")
struct ClockTests {
    private let noon: Int64 = 1_764_000_000_000

    @Test("the wall clock leads while it is ahead of all that was seen")
    func wallAhead() {
        let seen = HybridTime(milliseconds: noon)
        let next = HybridTime.next(after: seen, wall: noon + 1)
        #expect(next.milliseconds == noon + 1)
        #expect(next.counter == 0)
    }

    @Test(
        "the counter leads while the wall clock is behind, by however much",
        arguments: [0, 1, 1000, 1_764_000_000_001])
    func wallBehind(by lag: Int64) {
        let seen = HybridTime(number: HybridTime(milliseconds: noon).number + 5)
        let next = HybridTime.next(after: seen, wall: noon - lag)
        #expect(next.milliseconds == noon)
        #expect(next.counter == 6)
    }

    @Test("pitfall 3: a full counter advances the milliseconds")
    func fullCounter() {
        let seen = HybridTime(number: HybridTime(milliseconds: noon).number + 0xFFFF)
        let next = HybridTime.next(after: seen, wall: noon)
        #expect(next.milliseconds == noon + 1)
        #expect(next.counter == 0)
    }

    @Test("an import of 200,000 changesets in one millisecond keeps its order")
    func longImport() {
        var time = HybridTime(milliseconds: noon)
        for _ in 0..<200_000 {
            let next = HybridTime.next(after: time, wall: noon)
            if next <= time { Issue.record("not after \(time)") }
            time = next
        }
        #expect(time.milliseconds == noon + 3)
        promise("clock steps", count: 200_000)
    }

    @Test("a clock far ahead is followed and never waited for")
    func farAhead() {
        let ahead = HybridTime(milliseconds: noon + 31_536_000_000)
        let next = HybridTime.next(after: ahead, wall: noon)
        #expect(next.number == ahead.number + 1)
    }

    @Test("clocks outside the range are held at its ends", arguments: [Int64.min, -1, 0])
    func beforeTheEpoch(milliseconds: Int64) {
        #expect(HybridTime(milliseconds: milliseconds).number == 0)
        #expect(HybridTime.next(after: HybridTime(number: 0), wall: milliseconds).number == 1)
    }

    @Test("every time that a clock makes fits a signed number", arguments: [Int64.max, 1 << 47, 1 << 48])
    func afterTheEnd(milliseconds: Int64) {
        let time = HybridTime(milliseconds: milliseconds)
        #expect(time.number <= UInt64(Int64.max))
        #expect(time.counter == 0)
    }

    @Test("at the greatest time the clock stands still and nothing overflows")
    func greatest() {
        for seen in [UInt64(Int64.max) - 1, UInt64(Int64.max), UInt64.max] {
            let next = HybridTime.next(after: HybridTime(number: seen), wall: noon)
            #expect(next.number == UInt64(Int64.max))
        }
    }

    @Test("stamps order by time, then by device as unsigned bytes")
    func order() {
        func stamp(_ time: UInt64, _ device: UInt8) -> Stamp {
            Stamp(time: HybridTime(number: time), device: DeviceID(letter: device))
        }
        let ascending = [stamp(1, 0x7F), stamp(1, 0x80), stamp(1, 0xFF), stamp(2, 0), stamp(1 << 63, 0)]
        for (index, left) in ascending.enumerated() {
            for (other, right) in ascending.enumerated() { #expect((left < right) == (index < other)) }
        }
    }

    @Test("a frontier knows what it covers and where it is ahead")
    func frontiers() {
        let (a, b, c) = (DeviceID(letter: 1), DeviceID(letter: 2), DeviceID(letter: 3))
        var frontier = Frontier([a: 3, b: 1])
        #expect(frontier.covers(ChangeID(device: a, number: 3)))
        #expect(!frontier.covers(ChangeID(device: a, number: 4)))
        #expect(!frontier.covers(ChangeID(device: c, number: 1)))
        #expect(frontier.difference(from: Frontier([a: 3])) == Frontier([b: 1]))
        #expect(frontier.difference(from: Frontier([a: 9, b: 9])) == Frontier())
        frontier.merge(Frontier([a: 2, c: 7]))
        #expect(frontier == Frontier([a: 3, b: 1, c: 7]))
        #expect(frontier.sorted.map(\.device) == [a, b, c])
        frontier[a] = 0
        #expect(frontier == Frontier([b: 1, c: 7]))
    }
}
