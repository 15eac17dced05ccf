/// What can be said of one statement and a set without judging the whole set anew: a server asks this first of
/// everything that it is offered, since to judge a large set for each would let one member keep it busy.
extension StatementSet {
    /// Is all held that the statement rests on, and among it exactly one that gave its signer a voice for such a
    /// statement? What fails here is void whatever else is held, or rests on something missing.
    package func supports(_ statement: Statement) -> Bool {
        guard !statement.restsOn.contains(where: { self[$0] == nil }), let source = source(of: statement)
        else { return false }
        switch (source.content, statement.content) {
        case (.grant, .enrol), (.grant, .unknown): return true
        case (.grant, _): return false
        default: return true
        }
    }

    /// What gave the signer a voice: an enrolment or founding for a device, a grant for an invite; nil where
    /// there is none, or more than one.
    private func source(of statement: Statement) -> Statement? {
        let sources = statement.restsOn.compactMap { self[$0] }.filter {
            $0.introduces == statement.signer
        }
        return sources.count == 1 ? sources.first : nil
    }

    /// On whose account a statement goes: the handle that its signer was given, or, where what gave it does
    /// not count or is not judged yet, that on whose account this goes. So nobody signs in a colleague's name.
    /// - Parameter author: the account of a statement that is held.
    package func account(
        of statement: Statement, _ roster: Roster, author: (StatementHash) -> Handle?
    ) -> Handle? {
        guard let source = source(of: statement) else {
            if case .found(let founding) = statement.content { return founding.handle }
            return nil
        }
        let counts = roster.depths[source.hash] != nil && roster.void[source.hash] == nil
        guard counts else { return author(source.hash) }
        switch source.content {
        case .found(let founding): return founding.handle
        case .enrol(let enrolment): return enrolment.handle
        case .grant(let grant): return grant.handle
        default: return nil
        }
    }
}
