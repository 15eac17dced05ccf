internal import ParleyCore

/// `2026-11-25` of days since 1970-01-01.
package func dayText(_ day: Int) -> String {
    let (year, month, date) = Instant.civil(daysSinceEpoch: day)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(year)-\(two(month))-\(two(date))"
}
