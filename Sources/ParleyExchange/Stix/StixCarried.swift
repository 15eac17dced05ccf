import ParleyCore

/// Why an object does not become a record.
struct StixFault: Error { var reason: String }

/// Properties without a field, in columns of `x`: of an object of others as `x.stix.NAME`, of one of ours as
/// `x.stix-own.NAME`; with `-json` before the point as JSON text, what no value can hold.
struct StixCarried {
    private let prefix: String
    private let textPrefix: String
    /// Bytes of one carried value: what fits into a changeset.
    private static let longest = 900 * 1024

    static let foreign = StixCarried("stix")
    static let own = StixCarried("stix-own")

    private init(_ name: String) { (prefix, textPrefix) = (name + ".", name + "-json.") }

    func register(_ property: String) -> RegisterName {
        RegisterName(field: Field.columnsTag, key: prefix + property)
    }

    func write(_ member: JSONMember) throws(StixFault) -> (RegisterName, Value) {
        let value = member.value.exactValue
        let name = (value == nil ? textPrefix : prefix) + member.name
        guard RegisterName.isKey(name), !member.name.isEmpty else {
            throw StixFault(reason: "the name \"\(member.name.prefix(60))\" is too long or holds controls")
        }
        let content = value ?? .text(String(decoding: member.value.json, as: UTF8.self))
        guard content.encoded.count <= Self.longest else {
            throw StixFault(
                reason: "\(member.name.prefix(60)) is larger than \(Self.longest / 1024) KiB")
        }
        return (RegisterName(field: Field.columnsTag, key: name), content)
    }

    /// The property that a register carries; nil where it carries none.
    func member(_ register: RegisterName, _ value: Value) -> JSONMember? {
        guard register.field == Field.columnsTag, let key = register.key else { return nil }
        if key.hasPrefix(prefix) {
            return JSONMember(name: String(key.dropFirst(prefix.count)), value: JSONTree(value))
        }
        guard key.hasPrefix(textPrefix), let text = value.text,
            let tree = try? JSONTree(parsing: Array(text.utf8))
        else { return nil }
        return JSONMember(name: String(key.dropFirst(textPrefix.count)), value: tree)
    }

    func carries(_ register: RegisterName) -> Bool {
        register.field == Field.columnsTag
            && (register.key?.hasPrefix(prefix) == true || register.key?.hasPrefix(textPrefix) == true)
    }

    /// The properties that a record carries, by name.
    func members(of image: RecordImage) -> [String: JSONTree] {
        let members = image.registers(of: Field.columnsTag).compactMap { member($0.name, $0.value) }
        return Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first }
    }
}

extension JSONTree {
    /// The tree of a value, by way of its JSON.
    init(_ value: Value) {
        if let text = value.text {
            self = .text(text)
            return
        }
        var json: [UInt8] = []
        json.append(json: value)
        self = (try? JSONTree(parsing: json)) ?? .null
    }

    /// The value that is written as this very JSON again; nil where there is none, as for null.
    fileprivate var exactValue: Value? {
        guard self != .null, let value else { return nil }
        switch self {
        case .list, .object: return JSONTree(value).means(self) ? value : nil
        default: return value
        }
    }
}

extension StixCarried {
    /// Whether a register only says when the source last changed the record, which `modified` says.
    static func isVersion(_ register: RegisterName, _ value: Value, _ modified: JSONTree?) -> Bool {
        guard register == RegisterName(field: Field.columnsTag, key: "version"),
            let version = value.text.flatMap(Instant.init)
        else { return false }
        return version == modified?.text.flatMap(Instant.init)
    }
}
