internal import ParleyCore
internal import ParleyProtocol

/// One connection as the relay sees it.
final class Peer {
    let id: ConnectionID
    let address: String
    /// Counts towards the limit per address; nil for loopback, where everybody has one address.
    let addressKey: [UInt8]?
    var session: Session
    /// Has the other end shown, by the handshake's first message, that it knows this server's key?
    var knowsServer = false
    /// The channel key that the other end has shown to hold; nil during the handshake.
    var channelKey: [UInt8]?
    /// Set by the hello that was accepted.
    var seat: Seat?
    /// Not a member yet: it is told nothing until it has shown by statements that it is one.
    var greeting: Greeting?
    /// What it is told before the changesets, where that is more than one message.
    var opening: Opening?
    /// Where in the log this peer has been served up to; nil until its frontier is known.
    var cursor: Int64?
    /// What it holds beyond the cursor: its frontier while it catches up, then only what it pushed itself.
    var beyond = Frontier()
    var hasCaughtUp = false
    /// Too much waits to be written; it gets nothing more until it has drained.
    var isBackedUp = false
    var outflow = Outflow()
    /// The log says that something of this peer was refused.
    var hasBeenNoted = false
    /// Its part of what waits unfinished before the relay, in bytes.
    var unfinished = 0
    var presences: Allowance

    init(id: ConnectionID, address: String, addressKey: [UInt8]?, now: Int64) {
        self.id = id
        self.address = address
        self.addressKey = addressKey
        session = Session(listeningAt: now)
        presences = Allowance(Self.presenceRate, at: now)
    }

    private static let presenceRate = Rate(
        perSecond: Limits.presencePerSecond, atOnce: Limits.presencePerSecond)

    /// What a peer is owed of the greeting, as both ends understood it at the welcome.
    struct Greeting {
        var sendsStatements: Bool
        /// Both hold the same, up to this position of the log; nil where frontiers are to be compared.
        var equalUpTo: Int64?
    }

    /// The statements that are still to be sent, a message each, and how it goes on then.
    struct Opening {
        var statements: [[[UInt8]]]
        var equalUpTo: Int64?
    }

    var isOpen: Bool { session.state == .open }
    var hasEnded: Bool { session.state == .ended }
    /// The server has ended the session. Of a peer that has left by itself what it said before still holds.
    var isSentAway = false
    /// May it be told what happens in its workspace?
    var isListening: Bool { isOpen && greeting == nil }
    /// Has it not been let in yet, or only to show who it is?
    var isStranger: Bool { (seat == nil || greeting != nil) && !hasEnded }

    /// How far a stranger has come: nothing that holds, the right first message, the whole handshake.
    var progress: Int { channelKey != nil ? 2 : knowsServer ? 1 : 0 }

    func isIn(_ workspace: WorkspaceID) -> Bool { seat?.workspaceID == workspace }
}

/// How the owner of the sockets names a connection.
package struct ConnectionID: Hashable, Sendable {
    package var number: Int

    package init(_ number: Int) { self.number = number }
}

/// How fast the other end takes what it was given. One that takes next to nothing while much waits is gone, or
/// means to keep it waiting here.
struct Outflow {
    /// Bytes given to the connection so far.
    private var given = 0
    private var taken = 0
    /// Since when something has been waiting all the time, and what had been taken by then.
    private var window: (since: Int64, taken: Int)?

    mutating func give(_ bytes: Int) { given += bytes }

    /// - Parameter pending: bytes that the connection has not written yet.
    /// - Returns: whether any were taken since the last look.
    mutating func look(pending: Int, at now: Int64) -> Bool {
        let before = taken
        taken = given - pending
        if pending == 0 {
            window = nil
        } else if window == nil {
            window = (now, taken)
        }
        return taken > before
    }

    /// Judged over `Limits.idle` at a time.
    mutating func isStuck(at now: Int64) -> Bool {
        guard let window, now - window.since >= Limits.idle else { return false }
        let floor = (now - window.since) * Limits.slowestBytesPerSecond / 1000
        let isStuck = Int64(taken - window.taken) < floor
        self.window = (now, taken)
        return isStuck
    }
}
