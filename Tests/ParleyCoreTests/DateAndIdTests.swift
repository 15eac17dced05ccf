import Chance
import ParleyCore
import Testing

@Suite("Dates, moments and ids")
struct DateAndIdTests {
    @Test(
        "dates to the year, the month or the day",
        arguments: [
            ("2026", true), ("2026-11", true), ("2026-11-21", true), ("0000-02-29", true),
            ("2000-02-29", true),
            ("1900-02-29", false), ("2023-02-29", false), ("2024-02-29", true), ("2026-00", false),
            ("2026-13", false), ("2026-04-31", false), ("2026-01-00", false), ("2026-1-1", false),
            ("26", false),
            ("20261121", false), ("2026-11-21-", false), ("2026-11-21T", false), ("-026", false), ("", false),
            ("2026-", false), ("4O26", false), ("٢٠٢٦", false), ("2026–11", false),
        ])
    func dates(text: String, fits: Bool) {
        #expect((CivilDate(text) != nil) == fits)
    }

    @Test(
        "moments with fractions and zones",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("1970-01-01T00:00:00.001Z", 1), ("1969-12-31T23:59:59.999Z", -1),
            ("2026-11-21T14:02:11.204Z", 1_795_269_731_204),
            ("2026-11-21T16:02:11.204+02:00", 1_795_269_731_204),
            ("2026-11-21T09:32:11.204-04:30", 1_795_269_731_204), ("1970-01-01T00:00:00.1239Z", 123),
            ("1970-01-01T00:00:00.5Z", 500), ("0000-01-01T00:00:00Z", -62_167_219_200_000),
            ("9999-12-31T23:59:59.999Z", 253_402_300_799_999), ("1970-01-01T24:00:00Z", nil),
            ("1970-01-01T00:60:00Z", nil), ("1970-01-01T00:00:60Z", nil), ("1970-01-01T00:00:00", nil),
            ("1970-01-01 00:00:00Z", nil), ("1970-01-01T00:00:00.Z", nil), ("1970-01-01T00:00:00z", nil),
            ("1970-01-01T00:00:00+0200", nil), ("1970-01-01T00:00:00+24:00", nil), ("1970-01T00:00:00Z", nil),
            ("1970-01-01T0:00:00ZZ", nil), ("1970-01-01T00:00:00Zé", nil), ("é970-01-01T00:00:00Z", nil),
            ("1970-02-30T00:00:00Z", nil), ("1970-01-01T-1:00:00Z", nil), ("", nil),
        ] as [(String, Int64?)])
    func moments(text: String, milliseconds: Int64?) {
        #expect(Instant(text)?.milliseconds == milliseconds)
    }

    @Test("every day of eight centuries counts up by one and reads back")
    func calendar() {
        let first = Instant.daysSinceEpoch(1600, 1, 1)
        var expected = (year: 1600, month: 1, day: 1)
        for days in first..<first + 292_200 {
            let date = Instant.civil(daysSinceEpoch: days)
            if date != expected || Instant.daysSinceEpoch(date.year, date.month, date.day) != days {
                Issue.record("day \(days) is \(date), not \(expected)")
                return
            }
            expected.day += 1
            if expected.day > CivilDate.days(in: expected.month, of: expected.year) {
                expected = (expected.year, expected.month + 1, 1)
            }
            if expected.month > 12 { expected = (expected.year + 1, 1, 1) }
        }
        promise("days", count: 292_200)
    }

    @Test("moments are shown so that they read back, and extreme ones are shown")
    func momentTexts() {
        var dice = Dice(4)
        for _ in 0..<5000 {
            let moment = Instant(
                milliseconds: Int64.random(in: -62_167_219_200_000...253_402_300_799_999, using: &dice))
            #expect(Instant(moment.text) == moment)
        }
        for milliseconds in [Int64.min, .max, -62_167_219_200_001] {
            #expect(!Instant(milliseconds: milliseconds).text.isEmpty)
        }
    }

    @Test("base 32 reads back, in capitals and small letters")
    func base32() {
        var dice = Dice(2)
        for _ in 0..<3000 {
            let bytes = dice.bytes(dice.below(40))
            let text = Crockford.encode(bytes)
            #expect(Crockford.decode(text) == bytes)
            #expect(Crockford.decode(text.lowercased()) == bytes)
            #expect(!text.contains { "ILOU".contains($0) })
        }
        #expect(Crockford.decode("o1iLOIl1") == Crockford.decode("01110111"))
        #expect(Crockford.decode("o1iLOIl1")?.count == 5)
        for text in ["0U", "0-00", "é0", " 0", "０"] { #expect(Crockford.decode(text) == nil) }
    }

    @Test("base 32 is refused where its length is no number of bytes or bits are left over")
    func leftOver() throws {
        let lengths = [0, 2, 4, 5, 7]
        for length in 0..<40 {
            let zeros = Crockford.decode(String(repeating: "0", count: length))
            #expect((zeros != nil) == lengths.contains(length % 8), "\(length) characters")
        }
        for count in 1..<30 {
            let text = Crockford.encode([UInt8](repeating: 0, count: count))
            for digit in Crockford.encode(UInt8.min...UInt8.max) {
                let typed = text.dropLast() + String(digit)
                guard let read = Crockford.decode(typed) else { continue }
                #expect(Crockford.encode(read) == typed)
            }
        }
    }

    @Test("a prefix of an id names the range of ids that begin so")
    func prefixes() throws {
        for seed in UInt64(1)...500 {
            var dice = Dice(seed)
            let number = UInt128(dice.next()) << 64 | UInt128(dice.next())
            let text = RecordID(number).text
            #expect(text.count == 26)
            for length in 1...26 {
                let range = try #require(Crockford.range(ofPrefix: text.prefix(length)))
                #expect(range.contains(number))
                #expect(RecordID(range.lowerBound).text.hasPrefix(text.prefix(length)))
                #expect(RecordID(range.upperBound).text.hasPrefix(text.prefix(length)))
                if range.upperBound < .max {
                    #expect(!RecordID(range.upperBound + 1).text.hasPrefix(text.prefix(length)))
                }
            }
            #expect(Crockford.range(ofPrefix: text) == number...number)
        }
        #expect(Crockford.range(ofPrefix: "") == nil)
        #expect(Crockford.range(ofPrefix: String(repeating: "0", count: 27)) == nil)
        #expect(Crockford.range(ofPrefix: String(repeating: "Z", count: 26)) == nil)
        #expect(Crockford.range(ofPrefix: "U") == nil)
    }

    @Test("ids order as unsigned bytes")
    func order() throws {
        var dice = Dice(9)
        for _ in 0..<2000 {
            let (left, right) = (dice.bytes(16), dice.bytes(16))
            let one = try #require(UInt128(bigEndianBytes: left))
            let other = try #require(UInt128(bigEndianBytes: right))
            #expect((DeviceID(one) < DeviceID(other)) == left.lexicographicallyPrecedes(right))
            #expect(one.bigEndianBytes == left)
        }
        #expect(UInt128(bigEndianBytes: [1, 2]) == nil)
        #expect(WorkspaceID([1]) == nil)
    }

    @Test("spaces are trimmed at both ends only")
    func trimming() {
        #expect(" a b\r\n".trimmingSpaces() == "a b")
        #expect("\r\n \t".trimmingSpaces() == "")
        #expect("\u{A0}a".trimmingSpaces() == "\u{A0}a")
    }
}
