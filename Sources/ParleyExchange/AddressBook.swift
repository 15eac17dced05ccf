import ParleyCore

/// Where a member of `fields`, a column or a `- name:` line goes.
///
/// A class since it is looked up for every value and copied nowhere: one count instead of five.
final class FieldPlace: Sendable {
    enum Form: Sendable {
        case register(RegisterName, FieldType)
        /// A set field without a member: takes a list of members.
        case members(Field)
    }
    let name: String
    let form: Form

    init(name: String, form: Form) {
        self.name = name
        self.form = form
    }
}

/// What `Kind.register(named:)` finds, kept for the records to come.
struct AddressBook: Sendable {
    /// Names kept at most: a file with a new tag in every line must not fill the memory.
    private static let mostKept = 1024

    let kind: Kind
    let me: String?
    private var places: [String: FieldPlace] = [:]
    /// The places of the last record in their order, which is most often that of the next one too.
    private var recent: [FieldPlace] = []

    init(kind: Kind, me: String?) {
        self.kind = kind
        self.me = me
    }

    /// - Parameters:
    ///   - index: how many names of this record came before.
    ///   - isASCII: other names are not kept, since strings with different bytes can be equal.
    @inline(__always)
    mutating func place(_ name: String, at index: Int, isASCII: Bool) throws(FieldFault) -> FieldPlace {
        if index < recent.count, isASCII, recent[index].name == name { return recent[index] }
        return try place(named: name, at: index, isASCII: isASCII)
    }

    private mutating func place(
        named name: String, at index: Int, isASCII: Bool
    ) throws(FieldFault) -> FieldPlace {
        if isASCII, let place = places[name] {
            remember(place, at: index)
            return place
        }
        let place = try find(name)
        if isASCII, places.count < Self.mostKept { places[name] = place }
        return place
    }

    private mutating func remember(_ place: FieldPlace, at index: Int) {
        if index < recent.count { recent[index] = place } else if index < 64 { recent.append(place) }
    }

    func find(_ name: String) throws(FieldFault) -> FieldPlace {
        if let field = kind[name: name], field.merge == .set {
            return FieldPlace(name: name, form: .members(field))
        }
        let numbered = Kind.register(numbered: name)
        let register = if let numbered { numbered } else { try kind.register(named: name, me: me) }
        return FieldPlace(name: name, form: .register(register, type(of: register)))
    }

    /// Registers that this version does not know hold anything.
    private func type(of register: RegisterName) -> FieldType {
        guard let field = kind[tag: register.field], field.merge.isKeyed == (register.key != nil) else {
            return .any
        }
        return field.type
    }
}

// MARK: - Addresses by number

extension Kind {
    /// `#8@key` on bytes: a key may begin with a combining character.
    static func register(numbered text: String) -> RegisterName? {
        let bytes = Array(text.utf8)
        guard bytes.first == UInt8(ascii: "#") else { return nil }
        let digits = bytes.dropFirst().prefix { (48...57).contains($0) }
        let rest = bytes[digits.endIndex...]
        guard let tag = UInt32(String(decoding: digits, as: UTF8.self)), rest.isEmpty || rest.first == 0x40
        else {
            return nil
        }
        return RegisterName(
            field: tag, key: rest.isEmpty ? nil : String(decoding: rest.dropFirst(), as: UTF8.self))
    }

    /// The address by name, or by number where the name would not lead back to this very register.
    func address(of register: RegisterName) -> String {
        let address = text(of: register)
        guard let key = register.key else { return address }
        let read = try? self.register(named: address)
        if let read, read.field == register.field, read.key.map({ $0.utf8.elementsEqual(key.utf8) }) == true {
            return address
        }
        return "#\(register.field)@\(key)"
    }
}
