internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// Before it hands over, a client compares with the server's time: what never left this machine and is
/// stamped too far ahead gets the time at which it leaves. So a clock that was days ahead when somebody
/// wrote neither wins for days nor is refused.
///
/// A clock that was behind needs nothing: the stamp is greater than all its author had seen, and nobody
/// can tell any more how far behind it was.
extension Workspace {
    /// - Returns: how many got another stamp.
    func restamp() throws -> Int {
        guard try store.read({ try self.firstAhead($0.log) }) != nil else { return 0 }
        return try store.write { tx in
            try refreshIdentity(tx.log)
            guard let first = try firstAhead(tx.log) else { return 0 }
            let stretch = try Stretch(tx.log, from: first, own: device)
            let rewriting = Rewriting(
                tx: tx, workspace: id, former: identity, author: identity, now: try correctedTime(tx.log),
                reason: "clock")
            return try rewriting.run(stretch)
        }
    }

    /// The first own changeset that never left and that the server's clock rule would not take.
    private func firstAhead(_ log: Log) throws -> ChangeID? {
        let rule = ClockRule(now: try correctedTime(log))
        guard let head = try log.head(of: device), head.time > rule.latest else { return nil }
        let left = try log.metaNumber(Meta.left)
        let end = try log.mark(of: ChangeID(device: device, number: max(left, 1)))
        var newest = left == 0 ? HybridTime(number: 0) : end?.time ?? HybridTime(number: 0)
        var found: ChangeID?
        try log.eachPlace(of: device, from: left + 1) { place in
            guard found == nil else { return }
            newest = max(newest, try log.newest(of: place.header.context))
            if !rule.allows(place.header.time, after: newest) { found = place.header.change }
            newest = place.header.time
        }
        return found
    }
}
