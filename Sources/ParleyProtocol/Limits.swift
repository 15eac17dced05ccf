/// Every limit of the protocol and of those who speak it, in one place. The first group is part of the
/// protocol: both ends rely on it. The others are tuning: a server may choose otherwise.
///
/// **What follows for a server**, whoever is at the other end of its connections, and whatever they do:
///
/// - *Memory* stays below 256 MiB with up to 256 sessions: what waits unfinished in front of it is at most
///   `buffered` in all, what waits for slow receivers as much again (and `slice` for each), and what is to be
///   stored is stored before it exceeds `arrivals`. A session more adds at most two `slice`s, an open
///   workspace more 16 MiB of pages.
/// - *Descriptors*: strangers hold at most 256, those before the welcome, those on their way out and those
///   just accepted; all connections at most `connections`, each open workspace 3, and of what the process may
///   have `descriptorsKept` stay free for files.
/// - *Time* goes round: one turn takes at most 256 KiB from a connection and stores `runsPerTurn` of its
///   messages, and who wants more waits.
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
    /// Changesets in one message: more than fit a frame, if they are changesets.
    package static let changesets = 34_000
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
    /// Bytes a second while a message is under way, judged once it is a few seconds old; and bytes a second
    /// that a receiver takes while something waits for it, judged over `idle`.
    package static let slowestBytesPerSecond: Int64 = 1024
    package static let slowGrace: Int64 = 5_000

    // MARK: Tuning, connections

    package static let connectionsBeforeWelcome = 64
    package static let connectionsPerAddress = 16
    /// Connections in all, and never more than the process has descriptors for.
    package static let connections = 4_096
    /// Descriptors that connections leave to files.
    package static let descriptorsKept = 64
    /// Connections that have been told why they end, and whose other end has not closed yet.
    package static let connectionsLeaving = 64
    /// Sessions of one device in one workspace.
    package static let sessionsPerDevice = 64
    /// Workspaces that stay open though nobody is in them.
    package static let workspacesOpen = 64

    // MARK: Tuning, bytes

    /// Changesets are sent in pieces of about this size.
    package static let slice = 128 * 1024
    /// Bytes that may wait for a slow receiver before it gets no more, and before it is not listened to.
    package static let backlog = 1024 * 1024
    /// Bytes that may wait in all, in each direction. Outwards more sessions than this holds `backlog`s get
    /// less each, but always a `slice`; inwards whoever's message has been under way longest has to go.
    package static let buffered = 64 * 1024 * 1024
    /// Bytes of changesets that have come in and are not stored: above it they are, before more is read.
    package static let arrivals = 4 * 1024 * 1024
    package static let workspacesPerTurn = 8
    /// Messages of changesets that are stored of one session in one turn: a flood of small ones has each
    /// signature verified, and nobody else is to wait for that. Who has more under way is not listened to.
    package static let runsPerTurn = 32
    /// Nor is another message of a session stored in a turn that has stored so much of it.
    package static let bytesPerTurn = 256 * 1024

    // MARK: Tuning, rates of one session

    package static let presencePerSecond = 4
    /// Messages, over four seconds: a client that pushes a thousand changesets a second one by one is far off.
    package static let messages = Rate(perSecond: 4_096, atOnce: 16_384)
    /// Membership statements: all that a workspace may have, once, and then new ones as they are made; in few
    /// messages, since after each the roster is made anew.
    package static let statementMessages = Rate(perSecond: 8, atOnce: 64)
    package static let statementsOffered = Rate(perSecond: 64, atOnce: 20_000)

    // MARK: Tuning, quotas of one workspace

    package static let quota = Quota()
}

/// What one workspace may take up at a server.
package struct Quota: Sendable {
    /// A device's own changesets are refused from here on. Those of others, which a member hands on, are not:
    /// but at `hard` times as much nothing is taken any more.
    package var changesets: Int64 = 4 << 20
    /// Bytes of changesets; the same holds.
    package var bytes: Int64 = 16 << 30
    package var hard: Int64 = 2
    /// Statements of the devices of one analyst who is no admin; all together see `StatementSet.most`. Else a
    /// single member could use up what the admins need to remove that member.
    package var statementsPerAnalyst = 1_024

    package init() {}
}
