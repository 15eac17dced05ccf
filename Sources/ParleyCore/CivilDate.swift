/// Dates as people write them in assessments: to the year, the month or the day (ISO 8601, reduced
/// precision; proleptic Gregorian calendar).
package struct CivilDate: Equatable, Sendable {
    package var year: Int
    package var month: Int?
    package var day: Int?

    /// - Returns: nil unless the text is `YYYY`, `YYYY-MM` or `YYYY-MM-DD` and such a day exists.
    package init?(_ text: String) {
        var text = text
        guard let parts = text.withUTF8(Self.parts) else { return nil }
        (year, month, day) = parts
        if let month, !(1...12).contains(month) { return nil }
        if let month, let day, !(1...Self.days(in: month, of: year)).contains(day) { return nil }
    }

    package init?(_ text: Substring) { self.init(String(text)) }

    /// The numbers as they stand there. Lint reads hundreds of thousands, so nothing is allocated.
    private static func parts(_ bytes: UnsafeBufferPointer<UInt8>) -> (Int, Int?, Int?)? {
        let hyphen = UInt8(ascii: "-")
        guard bytes.count >= 4, let year = digits(bytes[..<4]) else { return nil }
        if bytes.count == 4 { return (year, nil, nil) }
        guard bytes.count >= 7, bytes[4] == hyphen, let month = digits(bytes[5..<7]) else { return nil }
        if bytes.count == 7 { return (year, month, nil) }
        guard bytes.count == 10, bytes[7] == hyphen, let day = digits(bytes[8...]) else { return nil }
        return (year, month, day)
    }

    static func digits(_ text: some Sequence<UInt8>) -> Int? {
        var number = 0
        for digit in text {
            guard (48...57).contains(digit) else { return nil }
            number = number * 10 + Int(digit - 48)
        }
        return number
    }

    package static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// A moment in UTC, in milliseconds since 1970-01-01T00:00:00Z.
package struct Instant: Hashable, Comparable, Sendable {
    package var milliseconds: Int64

    package init(milliseconds: Int64) { self.milliseconds = milliseconds }

    package static func < (left: Instant, right: Instant) -> Bool { left.milliseconds < right.milliseconds }

    /// Reads `YYYY-MM-DDTHH:MM:SS[.fff](Z|+HH:MM|-HH:MM)`.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[10] == UInt8(ascii: "T"), let date = CivilDate(text.prefix(10)),
            let month = date.month, let day = date.day,
            let clock = Self.clock(bytes[11..<19]), let tail = Self.tail(bytes[19...])
        else { return nil }
        let days = Int64(Self.daysSinceEpoch(date.year, month, day))
        milliseconds = days * 86_400_000 + clock + tail
    }

    /// `YYYY-MM-DDTHH:MM:SS.fffZ`.
    package var text: String {
        let (days, rest) = milliseconds.flooredDivision(by: 86_400_000)
        let (year, month, day) = Self.civil(daysSinceEpoch: Int(days))
        let seconds = rest / 1000
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(Int(seconds / 3600), 2)):"
            + "\(padded(Int(seconds / 60 % 60), 2)):\(padded(Int(seconds % 60), 2)).\(padded(Int(rest % 1000), 3))Z"
    }

    private static func clock(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        let numbers = parts.compactMap { $0.count == 2 ? CivilDate.digits($0) : nil }
        guard parts.count == 3, numbers.count == 3, numbers[0] < 24, numbers[1] < 60, numbers[2] < 60 else {
            return nil
        }
        return Int64(numbers[0] * 3600 + numbers[1] * 60 + numbers[2]) * 1000
    }

    /// Fraction and zone, as milliseconds to add.
    private static func tail(_ bytes: ArraySlice<UInt8>) -> Int64? {
        var rest = bytes
        var fraction: Int64 = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { (48...57).contains($0) }
            guard !digits.isEmpty else { return nil }
            let three = (Array(digits.prefix(3)) + [48, 48, 48]).prefix(3)
            fraction = Int64(CivilDate.digits(three) ?? 0)
            rest = rest.dropFirst(1 + digits.count)
        }
        guard let zone = zone(rest) else { return nil }
        return fraction - zone
    }

    private static func zone(_ bytes: ArraySlice<UInt8>) -> Int64? {
        if bytes.elementsEqual([UInt8(ascii: "Z")]) { return 0 }
        guard bytes.count == 6, let sign = bytes.first,
            sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
            bytes[bytes.startIndex + 3] == UInt8(ascii: ":"),
            let hours = CivilDate.digits(bytes.dropFirst().prefix(2)), hours < 24,
            let minutes = CivilDate.digits(bytes.suffix(2)), minutes < 60
        else { return nil }
        let offset = Int64(hours * 60 + minutes) * 60_000
        return sign == UInt8(ascii: "-") ? -offset : offset
    }

    /// Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil.
    package static func daysSinceEpoch(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = shifted.flooredDivision(by: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The same source, civil_from_days.
    package static func civil(daysSinceEpoch days: Int) -> (year: Int, month: Int, day: Int) {
        let (era, dayOfEra) = (days + 719_468).flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}

extension BinaryInteger {
    fileprivate func flooredDivision(by divisor: Self) -> (quotient: Self, remainder: Self) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

private func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
