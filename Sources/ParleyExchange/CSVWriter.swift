package import ParleyCore

/// Writes records of one kind as `CSVReader` reads them. What CSV cannot hold: the types of `x` columns
/// (all text), an empty text beside none, removed members of sets, values that do not fit their field, and
/// fields that this version does not know.
package struct CSVWriter {
    private let kind: Kind
    private let columns: [String]
    private let kindOf: (RecordID) -> Kind?

    /// - Parameters:
    ///   - columns: addresses of registers; a set field's name alone means all its members.
    ///   - kindOf: the kind of the record that a reference names, for the letter before its id.
    package init(kind: Kind, columns: [String], kindOf: @escaping (RecordID) -> Kind? = { _ in nil }) {
        self.kind = kind
        self.columns = columns
        self.kindOf = kindOf
    }

    /// The columns that hold `registers`: plain fields in the schema's order, then keyed ones by key.
    package static func columns(of registers: some Sequence<RegisterName>, in kind: Kind) -> [String] {
        var names: [String] = []
        for register in Set(registers).sorted() where kind[tag: register.field] != nil {
            let isMember = kind[tag: register.field]?.merge == .set && register.key?.contains("|") == false
            let name = isMember ? kind[tag: register.field]?.name ?? "" : kind.address(of: register)
            if names.last != name { names.append(name) }
        }
        return names
    }

    package var header: [UInt8] { row(["id"] + columns) }

    package func row(_ image: RecordImage) -> [UInt8] {
        row([RecordAddress.text(image.name.id, kind: kind)] + columns.map { text(of: $0, image) })
    }

    private func text(of column: String, _ image: RecordImage) -> String {
        if let field = kind[name: column], field.merge == .set {
            let members = image.registers.filter { $0.name.field == field.tag && $0.value == .bool(true) }
            return members.compactMap(\.name.key).filter { !$0.contains("|") }.joined(separator: " | ")
        }
        guard let register = Kind.register(numbered: column) ?? (try? kind.register(named: column)) else {
            return ""
        }
        let value = image[register.field, register.key]
        guard let type = kind[tag: register.field]?.type, value != .null else { return "" }
        let reference = { RecordAddress.text($0, kind: kindOf($0)) }
        return type.typed(value, reference: reference) ?? type.text(of: value, name: reference)
    }

    private func row(_ cells: [String]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (index, cell) in cells.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(cell: Formula.guarded(cell))
        }
        return bytes + [0x0D, 0x0A]
    }
}

extension [UInt8] {
    fileprivate mutating func append(cell: String) {
        let needsQuotes =
            cell.utf8.contains { [0x22, 0x2C, 0x3B, 0x09, 0x0A, 0x0D].contains($0) }
            || cell.utf8.first == 0x20 || cell.utf8.last == 0x20
        guard needsQuotes else { return append(contentsOf: cell.utf8) }
        append(0x22)
        for byte in cell.utf8 { append(contentsOf: byte == 0x22 ? [0x22, 0x22] : [byte]) }
        append(0x22)
    }
}
