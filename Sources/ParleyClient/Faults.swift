internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// What is wrong with something that came from elsewhere, and whether what a server says is wrong really is.
extension Workspace {
    /// Why what the server sent was not taken, for whoever reads how the session ended.
    func sentence(about fault: ChainFault) -> String {
        let change = fault.change
        let author = membership.analyst(of: change.device)
        let whose = author ?? "device " + change.device.text.prefix(8)
        let name = "change \(ChangeAddress(change).text()) of \(whose)"
        let what =
            switch fault.reason {
            case .gap(let expected) where expected < change.number:
                "\(name) without the one before it"
            case .gap: "\(name) out of its place"
            case .malformed(let cause): "bytes that are no change (\(cause.what) at byte \(cause.offset))"
            case .context(let missing):
                "\(name) without \(ChangeAddress(missing).text()), on which it rests"
            case .stamp: "\(name), which is dated before what it rests on"
            case .signature: "\(name), which is not signed by that device as it stands"
            case .notEnrolled: "a change of device \(change.device.text.prefix(8)), which nobody has let in"
            case .fork: "another \(name) than the one that is held here"
            case .clock, .role, .quota: "\(name), which a replica does not judge so"
            }
        return "the server sent \(what); it was not taken"
    }

    /// Whether a refusal for the clock or for the order of stamps can be right; other faults show themselves.
    /// - Parameter time: what the server's clock showed when the session began, milliseconds since 1970.
    func hasFault(_ refusal: Refusal, byServersTime time: Int64) throws -> Bool {
        guard refusal.reason == .clock || refusal.reason == .stamp else { return true }
        return try store.read { tx in
            guard let header = try tx.log.header(of: refusal.change) else { return false }
            let newest = try newest(before: header, tx.log)
            guard refusal.reason == .clock else { return header.time <= newest }
            return header.time > HybridTime(milliseconds: time + Limits.clockAhead)
                && header.time.number > newest.number + 1
        }
    }

    /// The greatest stamp of what a changeset rests on.
    private func newest(before header: ChangesetHeader, _ log: Log) throws -> HybridTime {
        var rests = header.context.sorted
        if header.change.number > 1 {
            rests.append(ChangeID(device: header.change.device, number: header.change.number - 1))
        }
        return try rests.compactMap { try log.mark(of: $0)?.time }.max() ?? HybridTime(number: 0)
    }

    /// Milliseconds by which the server's clock was found to be ahead.
    func clockOffset() throws -> Int64? {
        try store.read { try $0.log.metaText(Meta.clockOffset).flatMap { Int64($0) } }
    }
}

extension Admission.Verdict {
    /// The fault to speak of: others follow from it, where what came rests on what did not.
    var root: ChainFault? {
        faults.first { if case .context = $0.reason { false } else { true } } ?? faults.first
    }
}

extension Statement {
    /// The analyst whom a removal is about.
    var removed: Handle? {
        switch content {
        case .revoke(let revocation): revocation.handle
        case .role(let change): change.handle
        default: nil
        }
    }
}
