internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// Before it hands over, a client compares with the server's time: what never left this machine and is
/// stamped too far ahead gets the time at which it leaves. So a clock that was days ahead when somebody
/// wrote neither wins for days nor is refused. What is not sealed under the newest epoch is sealed anew: whoever
/// has been put out meanwhile shall not be able to read it.
///
/// A clock that was behind needs nothing: the stamp is greater than all its author had seen, and nobody
/// can tell any more how far behind it was.
extension Workspace {
    struct Anew {
        var count = 0
        /// Whether it was for the time.
        var isRestamped = false
    }

    /// - Returns: how many were encoded anew.
    func restamp() throws -> Anew {
        guard try store.read({ try first($0.log) }) != nil else { return Anew() }
        return try store.write { tx in
            try refreshIdentity(tx.log)
            let ahead = try firstAhead(tx.log)
            guard let first = try first(tx.log) else { return Anew() }
            let stretch = try Stretch(tx.log, from: first, own: device)
            let rewriting = Rewriting(
                tx: tx, workspace: id, former: identity, author: identity, now: try correctedTime(tx.log),
                sealer: try sealer(for: device), reason: "clock")
            return Anew(count: try rewriting.run(stretch), isRestamped: ahead != nil)
        }
    }

    private func first(_ log: Log) throws -> ChangeID? {
        let found = [try firstAhead(log), try firstSealedOtherwise(log)].compactMap { $0 }
        return found.min { $0.number < $1.number }
    }

    /// The first own changeset that never left, if the newest epoch is not that of all such. An author takes the
    /// newest one at hand, so the first and the last of them tell.
    private func firstSealedOtherwise(_ log: Log) throws -> ChangeID? {
        let left = try log.metaNumber(Meta.left)
        guard let last = try log.head(of: device)?.number, last > left else { return nil }
        let newest = try sealer(for: device).epoch
        for number in [left + 1, last] {
            let header = try log.header(of: ChangeID(device: device, number: number))
            if let header, header.epoch != newest { return ChangeID(device: device, number: left + 1) }
        }
        return nil
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
