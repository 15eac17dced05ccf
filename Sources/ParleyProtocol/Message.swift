package import ParleyCore

/// What two ends say to each other. The layouts stand in Protocol.md, part 3; numbers are varints unless
/// said otherwise.
package enum Message: Equatable, Sendable {
    case hello(Hello)
    case welcome(Welcome)
    case statements([[UInt8]])
    case frontier([FrontierEntry])
    case changesets(ChangesetRun)
    case stored([ChangeID])
    case refused(Refusal)
    case declined(Declination)
    /// The channel key that the server is going to have, 32 bytes.
    case succession(key: [UInt8])
    case caughtUp
    case presence(Presence)
    case ping(time: Int64)
    case goodbye(retryAfterSeconds: UInt64)
    case failure(ProtocolError)
    /// A kind that this version does not know. Above 127 it may be passed over; below it is an error.
    case unknown(kind: UInt8)
}

package struct Hello: Equatable, Sendable {
    package var versions: ClosedRange<UInt64>
    package var capabilities: UInt64
    package var workspace: WorkspaceID
    package var device: DeviceID
    /// Milliseconds since 1970 by the sender's clock, uncorrected.
    package var time: Int64
    package var digests: Digests
    package var introduction: Introduction

    package init(
        versions: ClosedRange<UInt64> = Hello.spoken, capabilities: UInt64 = 0, workspace: WorkspaceID,
        device: DeviceID, time: Int64, digests: Digests, introduction: Introduction = Introduction()
    ) {
        self.versions = versions
        self.capabilities = capabilities
        self.workspace = workspace
        self.device = device
        self.time = time
        self.digests = digests
        self.introduction = introduction
    }

    /// The protocol versions that this code speaks.
    package static let spoken: ClosedRange<UInt64> = 1...1
}

/// What a newcomer brings: the operator's token to host a workspace, and the statements that let it in.
package struct Introduction: Equatable, Sendable {
    /// Empty, or 16 bytes.
    package var token: [UInt8]
    package var statements: [[UInt8]]

    package init(token: [UInt8] = [], statements: [[UInt8]] = []) {
        self.token = token
        self.statements = statements
    }

    package var isEmpty: Bool { token.isEmpty && statements.isEmpty }
}

/// What an end holds, in two hashes: its frontier with the heads of its chains, and its statements.
package struct Digests: Equatable, Sendable {
    package var frontier: [UInt8]
    package var statements: [UInt8]

    package init(frontier: [UInt8], statements: [UInt8]) {
        self.frontier = frontier
        self.statements = statements
    }
}

package struct Welcome: Equatable, Sendable {
    package var version: UInt64
    package var capabilities: UInt64
    package var time: Int64
    package var digests: Digests

    package init(version: UInt64 = 1, capabilities: UInt64 = 0, time: Int64, digests: Digests) {
        self.version = version
        self.capabilities = capabilities
        self.time = time
        self.digests = digests
    }
}

package struct FrontierEntry: Equatable, Sendable {
    package var change: ChangeID
    /// The chain hash at that number, 32 bytes.
    package var hash: [UInt8]

    package init(change: ChangeID, hash: [UInt8]) {
        self.change = change
        self.hash = hash
    }
}

/// Changesets in the sender's log order, and a signature at the last number of each chain among them.
package struct ChangesetRun: Equatable, Sendable {
    package var changesets: [[UInt8]]
    package var signatures: [SignedNumber]

    package init(changesets: [[UInt8]], signatures: [SignedNumber]) {
        self.changesets = changesets
        self.signatures = signatures
    }
}

/// One changeset that was not taken. The rest of its chain waits behind it; other chains go on.
package struct Refusal: Equatable, Sendable {
    package enum Reason: UInt64, Sendable, CaseIterable {
        case unknown = 0
        /// Stamped too far ahead of the server's clock.
        case clock = 1
        /// Not the next number of its chain.
        case gap = 2
        case signature = 3
        /// Something in its context is not held here.
        case context = 4
        /// Not greater than a stamp in its context.
        case stamp = 5
        /// The device is not enrolled, or its role does not allow it.
        case permission = 6
        case quota = 7
        case malformed = 8
        case fork = 9
    }

    package var change: ChangeID
    package var reason: Reason
    package var text: String

    package init(change: ChangeID, reason: Reason, text: String) {
        self.change = change
        self.reason = reason
        self.text = text
    }
}

/// Membership statements that a server did not take, all that were new in one message.
package struct Declination: Equatable, Sendable {
    package enum Reason: UInt64, Sendable, CaseIterable {
        case unknown = 0
        /// A removal would void what the server has acknowledged: it is to be signed again, with a higher cut.
        case cut = 1
    }

    /// Hashes of the statements, 32 bytes each.
    package var statements: [[UInt8]]
    package var reason: Reason
    package var text: String

    package init(statements: [[UInt8]], reason: Reason, text: String) {
        self.statements = statements
        self.reason = reason
        self.text = text
    }
}

/// Who is where now: expiring, never stored, never a lock.
package struct Presence: Equatable, Sendable {
    package var device: DeviceID
    /// Opaque to the server.
    package var payload: [UInt8]

    package init(device: DeviceID, payload: [UInt8]) {
        self.device = device
        self.payload = payload
    }
}
