import ParleyCore

/// How the elements of a foreign file become records: what a mapping file says. `Documentation/Formats.md`
/// has the table of its names.
package struct Mapping: Sendable {
    package enum Format: String, CaseIterable, Sendable { case json, jsonl, csv }

    package var format = Format.json
    /// The source's name, where the command gives none.
    package var source: String?
    package var delimiter: UInt8?
    package var decimalComma = false
    /// Where the elements of a JSON document stand.
    var place = JSONDocumentReader.Place.array([])
    /// Texts that say that there is nothing.
    var absent: [String] = []
    var records: [RecordRule] = []
}

/// One record of each element that meets the conditions.
struct RecordRule: Sendable {
    enum Each: Sendable {
        /// Each member of the element: `$name` and `$value`.
        case columns
        /// Each element of a list: `$item` and `$number`.
        case list(TreePath)
    }

    /// Where it stands in the mapping file.
    var line: Int
    var kind: Kind
    var keys: [MappingTemplate] = []
    var label: MappingTemplate?
    var conditions: [Condition] = []
    var each: Each?
    /// Whether what several elements say of one key becomes one record.
    var collects = false
    /// Where the time stands at which the source last changed the element.
    var version: TreePath?
    /// Whether a record that is not there yet is refused.
    var mustExist = false
    var fields: [FieldRule] = [] {
        didSet { taken = Set(fields.flatMap(\.value.takenMembers)) }
    }
    /// Members that arrive whole in fields.
    private(set) var taken: Set<String> = []
    /// The beginning of the columns that what is not mapped goes to, behind `x.`; nil: it is left out.
    var rest: String?
    /// Members that neither `rest` nor `each: columns` takes.
    var except: Set<String> = []
}

struct Condition: Sendable {
    enum Test: Sendable {
        case isOne(of: [MappingLiteral])
        case isNone(of: [MappingLiteral])
        case isNumber(ClosedRange<Double>)
        case isPresent(Bool)
    }
    var path: TreePath
    var test: Test
}

struct FieldRule: Sendable {
    enum Target: Sendable {
        case place(FieldPlace)
        /// A field whose key each element fills: `value@~fb-{source}`.
        case template(MappingTemplate)
    }

    /// As the mapping file has it, for messages.
    var name: String
    var target: Target
    var value: ValueRule
}

struct ValueRule: Sendable {
    enum Origin: Sendable {
        /// The first of them that is present.
        case paths([TreePath])
        case template(MappingTemplate)
        /// By the names of the tuple's components.
        case tuple([String: ValueRule])
    }

    var origin: Origin
    /// Texts that say that there is nothing, beside those of the whole mapping.
    var absent: [String] = []
    var split: String?
    var join: String?
    var translations: [Translation]?
    /// What a value becomes that `translations` do not name; nil: its record is refused.
    var otherwise: Otherwise?
    var conversion: Conversion?
    var fallback: String?
    /// Whether a value that does not fit goes to an `x` column instead of having its record refused.
    var carriesMisfits = false

    enum Otherwise: Sendable {
        case nothing
        case text(String)
    }

    struct Translation: Sendable {
        var from: MappingLiteral
        var to: String
    }
}

extension ValueRule {
    /// The member of the element that arrives whole by this rule, so that nothing of it is left to carry.
    var taken: String? {
        guard case .paths(let paths) = origin, paths.count == 1, paths[0].root == .element,
            paths[0].steps.count == 1, conversion == nil, join == nil, isReversible
        else { return nil }
        return paths[0].steps[0]
    }

    fileprivate var takenMembers: [String] {
        if case .tuple(let rules) = origin { return rules.values.compactMap(\.taken) }
        return taken.map { [$0] } ?? []
    }

    /// Where what does not fit is carried.
    var carrier: String? {
        switch origin {
        case .paths(let paths):
            paths.first.map { $0.root == .element ? $0.steps.joined(separator: ".") : $0.text }
        case .template, .tuple: nil
        }
    }

    private var isReversible: Bool {
        guard let translations else { return true }
        return Set(translations.map(\.to)).count == translations.count && otherwise == nil
    }
}

/// A scalar of a mapping file, against which values are held: numbers by what they mean, all else by their text.
struct MappingLiteral: Sendable {
    let text: String
    private let number: DecimalNumber?

    init(_ text: String) {
        self.text = text
        number = DecimalNumber(text: text)
    }

    func matches(_ tree: JSONTree) -> Bool {
        switch tree {
        case .number(let other): other.decimal == number
        case .text(let other):
            other.utf8.elementsEqual(text.utf8) || (number != nil && DecimalNumber(text: other) == number)
        case .bool(let truth): text == (truth ? "true" : "false")
        case .null, .list, .object: false
        }
    }
}

extension DecimalNumber {
    /// Reads a JSON number and nothing else.
    init?(text: String) {
        let bytes = Array(text.utf8)
        guard let first = bytes.first, first != 0x20 else { return nil }
        let read: DecimalNumber? = bytes.withUnsafeBufferPointer { buffer in
            var scanner = JSONScanner(buffer)
            guard let number = try? scanner.number(), scanner.position == buffer.count else { return nil }
            return number
        }
        guard let read else { return nil }
        self = read
    }

    /// The nearest whole number to this times ten to the `places`, halves up; nil if it is negative or too large.
    func rounded(places: Int) -> UInt64? {
        let power = exponent + places
        guard !isNegative, power < 0 else { return isNegative ? nil : scaled(by: places) }
        guard power >= -19 else { return 0 }
        let unit = (0..<(-power)).reduce(UInt128(1)) { product, _ in product * 10 }
        return UInt64((UInt128(digits) + unit / 2) / unit)
    }

    var double: Double { Double(json) ?? .infinity }
}
