import Glibc

/// What went wrong while bytes were to be carried: a code to decide by, and the call, the place and the
/// system's own words for whoever makes a sentence of it.
package struct TransportError: Error, Equatable, CustomStringConvertible {
    package enum Code: Sendable {
        case refused, unreachable, timedOut, reset, brokenPipe
        case addressInUse, addressNotAvailable, notPermitted
        case outOfDescriptors, unknownHost, badEndpoint, signalsTaken
        /// A stream was used after it was closed.
        case closed
        /// A wrapper round a stream failed with an error of its own.
        case stream
        /// What came is no handshake of the encrypted channel.
        case notSecure
        /// The server does not hold the key by which its client knows it.
        case wrongKey
        /// A record, or the end of a handshake, that was altered, repeated, left out or cut off on the way.
        case forged
        /// Anything else the system said; `number` tells.
        case system
    }

    package let code: Code
    /// The call that failed: `connect`, `bind`, `read`.
    package let call: String
    /// The address, descriptor or command it was about; may be empty.
    package let place: String
    /// Why, in the system's words where it has any.
    package let detail: String
    /// The `errno` behind it, 0 if there is none.
    package let number: Int32

    package init(_ code: Code, call: String, place: String = "", detail: String) {
        (self.code, self.call, self.place, self.detail) = (code, call, place, detail)
        number = 0
    }

    /// From `errno`, which is the first argument so that it is read before anything else can change it.
    package init(_ number: Int32, call: String, place: String = "") {
        (self.call, self.place, self.number) = (call, place, number)
        code = Code(number)
        detail = String(cString: strerror(number))
    }

    package var description: String {
        place.isEmpty ? "\(call): \(detail)" : "\(call) \(place): \(detail)"
    }
}

extension TransportError.Code {
    fileprivate init(_ number: Int32) {
        self =
            switch number {
            case ECONNREFUSED: .refused
            case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN: .unreachable
            case ETIMEDOUT: .timedOut
            case ECONNRESET, ECONNABORTED: .reset
            case EPIPE: .brokenPipe
            case EADDRINUSE: .addressInUse
            case EADDRNOTAVAIL: .addressNotAvailable
            case EACCES, EPERM: .notPermitted
            case EMFILE, ENFILE: .outOfDescriptors
            default: .system
            }
    }
}
