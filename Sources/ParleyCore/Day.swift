/// A day of the proleptic Gregorian calendar, as a number: what analysis reckons with.
package struct Day: Hashable, Comparable, Sendable {
    /// Days since 1970-01-01.
    package var number: Int

    package init(number: Int) { self.number = number }

    /// The day in UTC.
    package init(_ instant: Instant) {
        let (days, rest) = instant.milliseconds.quotientAndRemainder(dividingBy: 86_400_000)
        number = Int(days) - (rest < 0 ? 1 : 0)
    }

    /// The first day that a date of reduced precision may mean: `2026-11` begins on the first.
    package init(firstOf date: CivilDate) {
        number = Instant.daysSinceEpoch(date.year, date.month ?? 1, date.day ?? 1)
    }

    /// The last day that it may mean.
    package init(lastOf date: CivilDate) {
        let month = date.month ?? 12
        let day = date.day ?? CivilDate.days(in: month, of: date.year)
        number = Instant.daysSinceEpoch(date.year, month, day)
    }

    /// The day on which an estimate was made: as written, and where nobody wrote one the day it was entered. A
    /// date of reduced precision counts as its last day, so that nobody seems to have known earlier than they
    /// may have.
    /// - Parameter entered: milliseconds since 1970.
    package init(madeOn text: String?, entered: Int64) {
        self = text.flatMap { CivilDate($0) }.map { Day(lastOf: $0) } ?? Day(Instant(milliseconds: entered))
    }

    package static func < (left: Day, right: Day) -> Bool { left.number < right.number }
    package static func - (left: Day, right: Day) -> Int { left.number - right.number }
    package static func + (left: Day, right: Int) -> Day { Day(number: left.number + right) }

    /// `YYYY-MM-DD`.
    package var text: String {
        String(Instant(milliseconds: Int64(number) * 86_400_000).text.prefix(10))
    }
}
