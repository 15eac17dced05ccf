extension Double {
    /// The number rounded to so many places, without zeros at the end: `0.25`, `3`. What is no number, or too
    /// large to have such places, is `null`.
    package func decimalText(places: Int) -> String {
        let power = (0..<places).reduce(1.0) { product, _ in product * 10 }
        let scaled = (self * power).rounded()
        guard scaled.magnitude < 9e18 else { return "null" }
        let (whole, rest) = Int64(scaled.magnitude).quotientAndRemainder(dividingBy: Int64(power))
        var digits = String(rest)
        digits = String(repeating: "0", count: max(0, places - digits.count)) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        let sign = scaled < 0 ? "-" : ""
        return sign + String(whole) + (digits.isEmpty ? "" : "." + digits)
    }

    /// `62 %`, `62.5 %`: a probability or a share.
    package var percentText: String { (self * 100).decimalText(places: 1) + " %" }
}
