/// Every limit of the protocol and of those who speak it, in one place. The first group is part of the
/// protocol: both ends rely on it. The second is tuning: a server may choose otherwise.
package enum Limits {
    // MARK: Protocol

    /// Bytes of a frame before the server has accepted the hello.
    package static let frameBeforeWelcome = 4 * 1024
    /// Bytes of a frame afterwards.
    package static let frame = 1024 * 1024
    /// Bytes of the window of a packed body.
    package static let window = 8 * 1024 * 1024
    /// Bytes of a presence payload.
    package static let presence = 1024
    /// Bytes of statements in one message, so that it stays below a frame.
    package static let statements = 900 * 1024
    /// Bytes of one membership statement.
    package static let statement = 2 * 1024
    /// Devices in one workspace, so that a frontier fits a frame.
    package static let devices = 20_000
    /// Bytes of the text in an error.
    package static let message = 512
    /// Milliseconds since 1970 in a message: what fits the 48 bits of a stamp whose number fits 63.
    package static let latest: UInt64 = 0x7FFF_FFFF_FFFF
    /// Seconds that a goodbye may ask for; more is taken as this.
    package static let longestRetry: UInt64 = 86_400
    /// How far ahead of the server a device may stamp its own changesets, in milliseconds.
    package static let clockAhead: Int64 = 60_000

    // MARK: Tuning, milliseconds

    package static let firstMessage: Int64 = 5_000
    package static let idle: Int64 = 60_000
    package static let heartbeat: Int64 = 20_000
    /// Bytes a second while a message is under way, judged once it is a few seconds old.
    package static let slowestBytesPerSecond: Int64 = 1024
    package static let slowGrace: Int64 = 5_000

    // MARK: Tuning, counts and bytes

    package static let connectionsBeforeWelcome = 64
    package static let connectionsPerAddress = 16
    /// Changesets are sent in pieces of about this size.
    package static let slice = 128 * 1024
    /// Bytes that may wait for a slow receiver before it gets no more.
    package static let backlog = 1024 * 1024
    package static let workspacesPerTurn = 8
    package static let presencePerSecond = 4
}
