/// What an analyst is called, for ever: 1 to 32 small letters, digits, `-` and `_`, a letter first. It can
/// never begin with `~`, which marks the voices of imports.
package struct Handle: Hashable, Comparable, Sendable, CustomStringConvertible {
    package static let longest = 32
    package let text: String

    package init(_ text: String) throws(TrustError) {
        let bytes = text.utf8
        guard let first = bytes.first, Self.letters.contains(first), bytes.count <= Self.longest,
            bytes.allSatisfy(Self.isAllowed)
        else { throw TrustError(.badHandle, at: "handle") }
        self.text = text
    }

    package var description: String { text }

    package static func < (left: Handle, right: Handle) -> Bool { left.text < right.text }

    private static let letters = UInt8(ascii: "a")...UInt8(ascii: "z")

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case letters, UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}

/// What a workspace is called where it was founded: one line of 1 to 64 bytes. It becomes the name of a
/// folder, so it holds no `/` and starts with no dot.
package struct WorkspaceName: Hashable, Sendable, CustomStringConvertible {
    package static let longest = 64
    package let text: String

    package init(_ text: String) throws(TrustError) {
        guard !text.isEmpty, text.utf8.count <= Self.longest, text.utf8.first != UInt8(ascii: "."),
            text.unicodeScalars.allSatisfy(Self.isAllowed)
        else { throw TrustError(.badName, at: "workspace name") }
        self.text = text
    }

    package var description: String { text }

    package static func == (left: WorkspaceName, right: WorkspaceName) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F...0x9F, 0x2028, 0x2029, 0x2F: false
        default: true
        }
    }
}

/// What an analyst may do in a workspace; each role may do all that those before it may.
package enum Role: UInt8, Comparable, Sendable, CaseIterable {
    case reader = 1
    case analyst = 2
    case admin = 3

    package static func < (left: Role, right: Role) -> Bool { left.rawValue < right.rawValue }

    package init?(name: String) {
        guard let role = Role.allCases.first(where: { $0.name == name }) else { return nil }
        self = role
    }

    package var name: String {
        switch self {
        case .reader: "reader"
        case .analyst: "analyst"
        case .admin: "admin"
        }
    }
}
