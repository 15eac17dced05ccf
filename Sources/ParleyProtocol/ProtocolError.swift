package import ParleyCore

/// Why a session ends, or was ended by the other end. The numbers are those of the wire.
package struct ProtocolError: Error, Equatable, Sendable {
    package enum Code: UInt64, Sendable, CaseIterable {
        /// Bytes that are not a message, or a message that its state does not allow.
        case malformed = 1
        /// No protocol version in common.
        case version = 2
        /// The workspace is unknown here, or this device may not enter it: the two are not told apart.
        case forbidden = 3
        /// A length, count or rate above its limit.
        case limit = 4
        /// Silence, or too slow.
        case timeout = 5
        /// Too many connections.
        case busy = 6
        /// The other end could not write to its store.
        case storage = 7
        /// An invite that is used up, expired or damaged.
        case invite = 8
        /// Two different changesets with one device and number.
        case fork = 9
        /// A defect at the other end.
        case defect = 10
        /// This device was removed from the workspace. Said only to the device itself.
        case revoked = 12
        /// A code that this version does not know.
        case unknown = 0
    }

    package var code: Code
    package var text: String
    /// Did the other end say so? (Otherwise this end found the fault.)
    package var isRemote: Bool

    package init(_ code: Code, _ text: String, isRemote: Bool = false) {
        self.code = code
        self.text = text
        self.isRemote = isRemote
    }

    package init(_ fault: MalformedBytes, in message: String) {
        self.init(.malformed, "\(message): \(fault.what) \(fault.reason) at byte \(fault.offset)")
    }
}
