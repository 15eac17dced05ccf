import ParleyCore

/// A number as it was written: `digits` times ten to the `exponent`, exactly. JSON does not say what a
/// number is beyond its digits, so none passes through a binary float here.
///
/// Normal form: no zeros at the end of `digits`; zero is 0 with exponent 0 and no sign.
struct DecimalNumber: Equatable {
    var isNegative: Bool
    var digits: UInt64
    var exponent: Int

    init(isNegative: Bool, digits: UInt64, exponent: Int) {
        var (digits, exponent) = (digits, exponent)
        while digits != 0, digits.isMultiple(of: 10) { (digits, exponent) = (digits / 10, exponent + 1) }
        self.isNegative = isNegative && digits != 0
        self.digits = digits
        self.exponent = digits == 0 ? 0 : exponent
    }

    /// The whole number that this is times ten to the `places`; nil if it is none or is too large.
    func scaled(by places: Int = 0) -> UInt64? {
        let power = exponent + places
        guard power >= 0, power <= 19 || digits == 0 else { return nil }
        var number = digits
        for _ in 0..<(digits == 0 ? 0 : power) {
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            number = product
        }
        return number
    }

    var int64: Int64? {
        guard let magnitude = scaled() else { return nil }
        return isNegative ? Int64(exactly: -Int128(magnitude)) : Int64(exactly: magnitude)
    }

    /// Millionths, if this is a probability of at most six decimals.
    var millionths: Int64? {
        guard !isNegative, let number = scaled(by: 6), number <= 1_000_000 else { return nil }
        return Int64(number)
    }
}

// MARK: - As a value

extension DecimalNumber {
    /// An integer where it is one of 64 bits, else a decimal fraction (RFC 8949, section 3.4.4):
    /// tag 4 over `[exponent, digits]`.
    var value: Value {
        if let int64 { return .int(int64) }
        var bytes: [UInt8] = []
        if let magnitude = scaled() {
            bytes.append(signed: isNegative, magnitude)
        } else {
            bytes += [0xC4, 0x82]
            bytes.append(signed: exponent < 0, UInt64(exponent.magnitude))
            bytes.append(signed: isNegative, digits)
        }
        return .other(bytes)
    }

    /// Reads what `value` makes; nil for any other value.
    init?(_ value: Value) {
        switch value {
        case .int(let number):
            self.init(isNegative: number < 0, digits: number.magnitude, exponent: 0)
        case .other(let bytes):
            guard let number = Self(cbor: bytes), number.value == value else { return nil }
            self = number
        default: return nil
        }
    }

    private init?(cbor bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        let isFraction = bytes.starts(with: [0xC4, 0x82])
        if isFraction { _ = try? reader.take(2) }
        var exponent: (isNegative: Bool, magnitude: UInt64)? = (false, 0)
        if isFraction { exponent = reader.signed() }
        guard let exponent, let digits = reader.signed(), reader.isAtEnd,
            exponent.magnitude <= UInt64(JSONScanner.greatestExponent)
        else { return nil }
        let power = exponent.isNegative ? -Int(exponent.magnitude) : Int(exponent.magnitude)
        self.init(isNegative: digits.isNegative, digits: digits.magnitude, exponent: power)
    }

    /// The shortest JSON number of these digits.
    var json: String {
        let numeral = String(digits)
        let sign = isNegative ? "-" : ""
        if exponent >= 0, let whole = scaled() { return sign + String(whole) }
        let point = numeral.count + exponent
        if exponent > 0 || point < -8 { return "\(sign)\(numeral)e\(exponent)" }
        if point <= 0 { return sign + "0." + String(repeating: "0", count: -point) + numeral }
        return sign + numeral.prefix(point) + "." + numeral.dropFirst(point)
    }
}

extension [UInt8] {
    /// A CBOR integer of up to 64 bits beside its sign.
    fileprivate mutating func append(signed isNegative: Bool, _ magnitude: UInt64) {
        let isBelowZero = isNegative && magnitude > 0
        append(cborMajor: isBelowZero ? 1 : 0, isBelowZero ? magnitude - 1 : magnitude)
    }
}

extension ByteReader {
    fileprivate mutating func signed() -> (isNegative: Bool, magnitude: UInt64)? {
        guard let head = try? head(), head.major <= 1, head.major == 0 || head.argument < .max else {
            return nil
        }
        return (head.major == 1, head.argument + UInt64(head.major))
    }

    /// The major type and the argument of a CBOR item's head.
    mutating func head() throws(MalformedBytes) -> (major: UInt8, argument: UInt64) {
        let first = try byte("value")
        let (major, info) = (first >> 5, first & 31)
        if info < 24 { return (major, UInt64(info)) }
        guard info <= 27 else { throw failure(.notAllowed, "value") }
        var argument: UInt64 = 0
        for byte in try take(1 << Int(info - 24)) { argument = argument << 8 | UInt64(byte) }
        return (major, argument)
    }
}

// MARK: - From JSON

extension JSONScanner {
    /// Exponents beyond this are refused: nobody means them.
    static let greatestExponent = 9_999

    mutating func number() throws(JSONFault) -> DecimalNumber {
        let first = peek()
        let start = position
        let isNegative = first == UInt8(ascii: "-")
        if isNegative { position += 1 }
        let isZero = position < bytes.count && bytes[position] == UInt8(ascii: "0")
        var digits: UInt64 = 0
        let whole = try appendDigits(to: &digits, from: start)
        guard whole > 0 else { throw fault("expected a value", at: start) }
        guard !isZero || whole == 1 else { throw fault("a number does not begin with 0", at: start) }
        var exponent = 0
        if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
            position += 1
            exponent = -(try appendDigits(to: &digits, from: start))
            guard exponent < 0 else { throw fault("expected a digit") }
        }
        exponent += try power(from: start)
        return DecimalNumber(isNegative: isNegative, digits: digits, exponent: exponent)
    }

    /// - Returns: how many digits there were.
    private mutating func appendDigits(to number: inout UInt64, from start: Int) throws(JSONFault) -> Int {
        let first = position
        while position < bytes.count, case let digit = bytes[position] &- 48, digit <= 9 {
            let (product, tooLong) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !tooLong, !carry else { throw fault("a number of more than 19 digits", at: start) }
            number = sum
            position += 1
        }
        return position - first
    }

    private mutating func power(from start: Int) throws(JSONFault) -> Int {
        guard position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") else { return 0 }
        position += 1
        let sign = position < bytes.count ? bytes[position] : 0
        if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { position += 1 }
        var power: UInt64 = 0
        guard try appendDigits(to: &power, from: start) > 0 else { throw fault("expected a digit") }
        guard power <= UInt64(Self.greatestExponent) else { throw fault("too large an exponent", at: start) }
        return sign == UInt8(ascii: "-") ? -Int(power) : Int(power)
    }
}
