package import ParleyCore

/// Times as people read them.
package enum TimeWords {
    private static let units: [(word: String, milliseconds: Int64)] = [
        ("y", 31_557_600_000), ("mo", 2_629_800_000), ("d", 86_400_000), ("h", 3_600_000), ("min", 60_000),
        ("s", 1000),
    ]

    /// `2 h ago`, `in 3 d`, `now`: the greatest whole unit.
    package static func relative(_ moment: Instant, to now: Instant) -> String {
        let difference = now.milliseconds - moment.milliseconds
        guard let length = length(milliseconds: abs(difference)) else { return "now" }
        return difference > 0 ? "\(length) ago" : "in \(length)"
    }

    /// `4 min`; nil below a second.
    package static func length(milliseconds: Int64) -> String? {
        guard let unit = units.first(where: { milliseconds >= $0.milliseconds }) else { return nil }
        return "\(milliseconds / unit.milliseconds) \(unit.word)"
    }

    /// `2026-11-21 14:02:11Z`, to the second.
    package static func absolute(_ moment: Instant) -> String {
        let text = moment.text
        return text.prefix(10) + " " + text.dropFirst(11).prefix(8) + "Z"
    }
}
