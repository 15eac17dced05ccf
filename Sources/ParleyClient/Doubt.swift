/// Something in what a server said or did that does not fit together. Nothing of it was taken, or it alters
/// nothing; but somebody should know. An accident explains some of them, an honest server in order none.
package struct Doubt: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// Membership statements that cannot be read, or whose signature is wrong.
        case badStatements = "bad statements"
        /// Membership statements of nobody who has a voice in this workspace.
        case strangeStatements = "strange statements"
        /// Statements or changes rest on membership statements that the server does not hand over: it may hide
        /// who was put out, or a key.
        case missingStatements = "missing statements"
        /// Membership statements that it held or was given, and does not hold.
        case lostStatements = "lost statements"
        /// Two devices came in by one invite, which a server in order prevents; one of them does not count.
        case inviteUsedTwice = "invite used twice"
        /// Changes that it says it holds, and does not hand over.
        case missingChanges = "missing changes"
        /// It handed over other changes than it said it holds.
        case otherChanges = "other changes"
        /// It said that a device's changes have another branch, and does not hand that over.
        case claimedFork = "claimed fork"
        /// It acknowledged changes that it was never sent.
        case falseAcknowledgement = "false acknowledgement"
        /// It refused changes that it was never sent.
        case refusalOfNothing = "refusal of nothing"
        /// It refused changes for a fault that they do not have.
        case falseRefusal = "false refusal"
        /// It says a time that no clock shows.
        case strangeTime = "strange time"
        /// Its clock and this machine's are far apart; which of them is wrong nobody here can tell.
        case clocksApart = "clocks apart"
    }

    package var kind: Kind
    /// Statements, changes or, for clocks, seconds.
    package var count: Int
    /// The handle of the analyst whose they are, where it is one's and known.
    package var of: String?

    package init(_ kind: Kind, _ count: Int, of handle: String? = nil) {
        self.kind = kind
        self.count = count
        self.of = handle
    }
}
