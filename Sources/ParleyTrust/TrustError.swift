package import ParleyCore

/// What went wrong with an identity, a statement, a signature or an invite, and where.
package struct TrustError: Error, Equatable, Sendable {
    package enum Code: Equatable, Sendable, CaseIterable {
        // The identity file.
        case identityMissing, identityExists, identityExposed, identityDamaged, identityTooNew, fileFailed
        // What is given to be made.
        case badSeed, badKey, badHandle, badName, badTime, badSalt, badToken
        // Statements.
        case statementMalformed, statementTooNew, statementTooLong, badSignature, badPossession
        case tooManyStatements, wrongInvite
        // Removals and keys.
        case badCut, badSeal, noKey
        // Invites.
        case inviteScheme, inviteHost, invitePort, inviteDamaged, inviteTooNew
        // The cryptography itself refused.
        case signingFailed
    }

    package enum Cause: Equatable, Sendable {
        case bytes(MalformedBytes)
        /// An `errno`.
        case system(Int32)
    }

    package var code: Code
    /// The file, the field or the part of the text that is meant.
    package var place: String
    package var cause: Cause?

    package init(_ code: Code, at place: String, cause: Cause? = nil) {
        self.code = code
        self.place = place
        self.cause = cause
    }
}

extension TrustError: CustomStringConvertible {
    package var description: String {
        let said = "\(place): \(sentence)"
        switch cause {
        case .bytes(let bytes): return "\(said) (\(bytes.what) at byte \(bytes.offset): \(bytes.reason))"
        case .system(let number): return "\(said) (errno \(number))"
        case nil: return said
        }
    }

    private var sentence: String {
        switch code {
        case .identityMissing: "there is no identity file"
        case .identityExists: "an identity file is already there and is never overwritten"
        case .identityExposed: "others may read or write this secret; make it mode 0600"
        case .identityDamaged: "the identity file is damaged"
        case .identityTooNew: "the identity file was written by a newer version"
        case .fileFailed: "the file cannot be read or written"
        case .badSeed: "a seed has 32 bytes"
        case .badKey: "this is not a key"
        case .badHandle: "a handle is 1 to 32 of a-z, 0-9, - and _, and starts with a letter"
        case .badName: "a workspace name is one line of 1 to 64 bytes without / and starts with no dot"
        case .badTime: "the time is before 1970 or too late"
        case .badSalt: "the founding statement takes 16 random bytes"
        case .badToken: "a hosting token has 16 bytes"
        case .statementMalformed: "this is not a membership statement"
        case .statementTooNew: "this membership statement was made by a newer version"
        case .statementTooLong: "a membership statement has at most \(Statement.longest) bytes"
        case .badSignature: "the signature is wrong"
        case .badPossession: "the new device has not signed its own enrolment"
        case .tooManyStatements: "a workspace holds at most \(StatementSet.most) membership statements"
        case .wrongInvite: "the secret does not belong to this grant"
        case .badCut:
            "cuts go with a revocation or the role of reader, at most \(Cut.most), each device once"
        case .badSeal: "a key cannot be sealed to this device, or a seal has not its size"
        case .noKey: "this device does not hold the key of the epoch"
        case .inviteScheme: "an invite starts with parley://"
        case .inviteHost: "an invite names a host; IPv6 addresses stand in brackets"
        case .invitePort: "an invite names a port from 1 to 65535"
        case .inviteDamaged: "the word of the invite is mistyped or cut off"
        case .inviteTooNew: "the invite was made by a newer version"
        case .signingFailed: "the signature could not be made"
        }
    }
}
