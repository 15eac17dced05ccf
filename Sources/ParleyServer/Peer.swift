internal import ParleyCore
internal import ParleyProtocol

/// One connection as the relay sees it.
final class Peer {
    let id: ConnectionID
    let address: String
    /// Counts towards the limit per address; nil for loopback, where everybody has one address.
    let addressKey: [UInt8]?
    var session: Session
    /// The channel key that the other end has shown to hold; nil during the handshake.
    var channelKey: [UInt8]?
    /// Set by the hello that was accepted.
    var workspace: HostedWorkspace?
    var device: DeviceID?
    /// Not a member yet: it is told nothing until it has shown by statements that it is one.
    var greeting: Greeting?
    /// Where in the log this peer has been served up to; nil until its frontier is known.
    var cursor: Int64?
    /// What it holds beyond the cursor: its frontier while it catches up, then only what it pushed itself.
    var beyond = Frontier()
    var hasCaughtUp = false
    /// Too much waits to be written; it gets nothing more until it has drained.
    var isBackedUp = false
    var presences = RateWindow(perSecond: Limits.presencePerSecond)

    init(id: ConnectionID, address: String, addressKey: [UInt8]?, now: Int64) {
        self.id = id
        self.address = address
        self.addressKey = addressKey
        session = Session(listeningAt: now)
    }

    /// What a peer is owed of the greeting, as both ends understood it at the welcome.
    struct Greeting {
        var sendsStatements: Bool
        /// Both hold the same, up to this position of the log; nil where frontiers are to be compared.
        var equalUpTo: Int64?
    }

    var isOpen: Bool { session.state == .open }
    /// May it be told what happens in its workspace?
    var isListening: Bool { isOpen && greeting == nil }
    /// Has it not been let in yet?
    var isStranger: Bool { workspace == nil && session.state != .ended }
}

/// How the owner of the sockets names a connection.
package struct ConnectionID: Hashable, Sendable {
    package var number: Int

    package init(_ number: Int) { self.number = number }
}

/// At most so many events in one second.
struct RateWindow {
    let perSecond: Int
    private var second: Int64 = 0
    private var count = 0

    init(perSecond: Int) { self.perSecond = perSecond }

    mutating func allows(at now: Int64) -> Bool {
        if now / 1000 != second {
            second = now / 1000
            count = 0
        }
        count += 1
        return count <= perSecond
    }
}
