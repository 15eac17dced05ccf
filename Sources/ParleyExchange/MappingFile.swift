package import ParleyCore
import Yams

extension Mapping {
    /// Bytes of a mapping file at most.
    package static let longestFile = 256 * 1024

    /// Reads a mapping file.
    /// - Parameter me: the analyst under whose key a bare `stance` is written.
    /// - Throws: what is wrong, where, and what is allowed there.
    package init(yaml bytes: [UInt8], me: String? = nil) throws(DraftFault) {
        guard bytes.count <= Self.longestFile else {
            throw DraftFault(line: 1, reason: "a mapping has at most \(Self.longestFile / 1024) KiB")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DraftFault(
                line: bytes.prefix(firstInvalidUTF8(bytes)).count { $0 == 0x0A } + 1, reason: "not UTF-8")
        }
        guard let node = try GuardedYAML.compose(text, of: "mapping"), node != Node("", .implicit, .plain)
        else {
            throw DraftFault(line: 1, reason: "the mapping is empty")
        }
        try read(MappingNode(node: node, name: "the mapping"), me)
    }

    private static let names = ["format", "source", "elements", "absent", "delimiter", "decimal", "records"]

    private mutating func read(_ root: MappingNode, _ me: String?) throws(DraftFault) {
        let members = try root.members(of: Self.names)
        if let format = members["format"] { self.format = try format.one(of: Format.self) }
        if let source = members["source"] { self.source = try source.text() }
        if let elements = members["elements"] { place = try readPlace(elements) }
        if let absent = members["absent"] { self.absent = try absent.texts() }
        if let delimiter = members["delimiter"] {
            self.delimiter = try delimiter.one(of: Delimiter.self).byte
        }
        if let decimal = members["decimal"] { decimalComma = try decimal.one(of: Decimal.self) == .comma }
        guard let records = members["records"] else {
            throw root.fault("the mapping has no \"records\": say which records each element becomes")
        }
        let reading = RecordRuleReading(isColumn: format == .csv, me: me)
        for record in try records.items() { self.records += try reading.rules(record) }
        guard !self.records.isEmpty else { throw records.fault("records: an empty list") }
    }

    private func readPlace(_ node: MappingNode) throws(DraftFault) -> JSONDocumentReader.Place {
        guard format == .json else { throw node.fault("only format json has elements at a path") }
        let text = try node.text()
        if text == "$document" { return .document }
        guard let path = TreePath(text, isColumn: false), path.root == .element else {
            throw node.fault(
                "elements: names separated by dots that lead to an array, or $document for the whole")
        }
        return .array(path.steps)
    }

    private enum Delimiter: String, CaseIterable {
        case comma, semicolon, tab

        var byte: UInt8 {
            switch self {
            case .comma: UInt8(ascii: ",")
            case .semicolon: UInt8(ascii: ";")
            case .tab: 0x09
            }
        }
    }

    private enum Decimal: String, CaseIterable { case point, comma }

    /// The members of the document that the rules speak of.
    var documentPaths: [[String]] {
        records.flatMap(\.paths).filter { $0.root == .document }.map(\.steps)
    }
}
