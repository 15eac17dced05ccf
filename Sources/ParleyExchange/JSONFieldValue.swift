import ParleyCore

/// The value of a field of a known type, from JSON.
///
/// | type | JSON |
/// |---|---|
/// | line, text, url, date, instant, choice | string |
/// | int, probability (0 to 1, at most six decimals) | number |
/// | bool | true, false |
/// | ref | string: an id, or a key or label that is resolved later |
/// | tuple | array, object by component name, or the first component alone |
///
/// `null` clears a field; `{"cbor":"hex"}` is taken as it is, whatever the type.
extension JSONScanner {
    /// Bytes of one value of any type: what fits into a changeset.
    private static let longestValue = 900 * 1024

    /// - Parameter keepsEmpty: whether `""` is a value; else it means that nothing was given.
    @inline(__always)
    mutating func given(_ type: FieldType, keepsEmpty: Bool) throws(JSONFault) -> DraftContent? {
        let first = peek()
        if first == UInt8(ascii: "\"") {
            let start = position
            let token = try string()
            if token.isEmpty, !keepsEmpty { return nil }
            if token.isPlain, type.takesPlain(bytes, token.range) { return .value(.text(try text(token))) }
            return try content(of: token, type, at: start)
        }
        if first == UInt8(ascii: "n") {
            try literal("null")
            return .value(.null)
        }
        return try structured(type, first)
    }

    private func content(of token: JSONString, _ type: FieldType, at start: Int) throws(JSONFault)
        -> DraftContent
    {
        if type == .ref, let known = RecordAddress.id(UnsafeBufferPointer(rebasing: bytes[token.range])) {
            return .value(.ref(known.id))
        }
        let text = try text(token)
        switch type {
        case .ref: return .text(text)
        case .tuple(let components):
            guard components.first.map({ $0.type.accepts(.text(text)) }) == true else {
                throw unfit(type, from: start)
            }
            return .value(.list([.text(text)]))
        default:
            guard type.accepts(.text(text)) else { throw unfit(type, from: start) }
            return .value(.text(text))
        }
    }

    private mutating func structured(_ type: FieldType, _ first: UInt8) throws(JSONFault) -> DraftContent {
        let start = position
        if first == UInt8(ascii: "{"), let raw = try rawValue(type) { return .value(raw) }
        switch type {
        case .any:
            let value = try anyValue()
            guard position - start <= Self.longestValue else {
                throw fault("a value of more than 900 KiB", at: start)
            }
            return .value(value)
        case .bool where first == UInt8(ascii: "t") || first == UInt8(ascii: "f"):
            return .value(try anyValue())
        case .int, .probability:
            let number = try number()
            guard let value = type == .int ? number.int64 : number.millionths else {
                throw unfit(type, from: start)
            }
            return .value(.int(value))
        case .tuple(let components): return try tuple(components, type, first)
        default:
            try skipValue()
            throw unfit(type, from: start)
        }
    }

    /// `{"cbor":..}`, and nothing else that an object may be.
    private mutating func rawValue(_ type: FieldType) throws(JSONFault) -> Value? {
        if type == .any { return nil }
        var probe = self
        var isRaw = false
        var count = 0
        try probe.object { (scanner, name) throws(JSONFault) in
            isRaw = scanner.equals(name, "cbor")
            count += 1
            try scanner.skipValue()
        }
        return isRaw && count == 1 ? try anyValue() : nil
    }

    /// A value of the wrong type or outside what the type allows. The caller adds the field's name.
    func unfit(_ type: FieldType, from start: Int) -> JSONFault {
        var given = self
        given.position = start
        try? given.skipValue()
        let token = bytes[start..<max(start, given.position)]
        let text = String(decoding: token.prefix(60), as: UTF8.self) + (token.count > 60 ? ".." : "")
        return JSONFault(at: start, "\(text) is not \(type.allowed)")
    }
}

// MARK: - Tuples

extension JSONScanner {
    private mutating func tuple(
        _ components: [Component], _ type: FieldType, _ first: UInt8
    ) throws(JSONFault) -> DraftContent {
        let start = position
        var parts = [DraftContent](repeating: .value(.null), count: components.count)
        switch first {
        case UInt8(ascii: "["):
            var index = 0
            try array { (scanner) throws(JSONFault) in
                guard index < components.count else {
                    throw scanner.fault("at most \(type.allowed)", at: start)
                }
                parts[index] = try scanner.part(components[index])
                index += 1
            }
            if index == 0 { throw unfit(type, from: start) }
        case UInt8(ascii: "{"):
            try object { (scanner, name) throws(JSONFault) in
                guard let index = components.firstIndex(where: { (try? scanner.text(name)) == $0.name })
                else {
                    throw scanner.fault(
                        "a component that is none of \(type.allowed)", at: name.range.lowerBound)
                }
                parts[index] = try scanner.part(components[index])
            }
        default: parts[0] = try part(components[0])
        }
        return try joined(parts, components, at: start)
    }

    private mutating func part(_ component: Component) throws(JSONFault) -> DraftContent {
        do {
            return try given(component.type, keepsEmpty: true) ?? .value(.null)
        } catch {
            throw JSONFault(at: error.at, "\(component.name): \(error.reason)")
        }
    }

    /// One value, or a text as `FieldType.value(of:)` reads it where a reference is not resolved yet.
    private func joined(
        _ parts: [DraftContent], _ components: [Component], at start: Int
    ) throws(JSONFault) -> DraftContent {
        guard let content = components.content(of: parts) else {
            throw fault("a tuple with a reference by name cannot hold this", at: start)
        }
        return content
    }
}
