internal import ParleyCore
internal import ParleyProtocol
internal import ParleyStore
internal import ParleyTrust

/// Who this replica writes as. A device keeps one identity for life, unless its folder turns out to have
/// been copied or restored, or something it has sent can never be taken: then it takes a fresh one.
///
/// Which identity holds is said by the workspace's file, in the transaction that changes everything else; the
/// seed is on the disk before that, and moves into its usual place after. Seeds are written and moved under
/// the file's write lock alone, so that two processes never disturb each other.
extension Workspace {
    /// Follows a change that another process has made.
    func refreshIdentity(_ log: Log) throws {
        guard let said = try Self.device(log), said != device else { return }
        identity = try IdentityFile.read(said, inFolder: folder).identity
    }

    static func device(_ log: Log) throws -> DeviceID? {
        try log.meta(Meta.device).flatMap { UInt128(bigEndianBytes: $0) }.map { DeviceID($0) }
    }

    /// Finishes what a crash may have left: the seed takes its usual place.
    func settleIdentity() throws {
        try store.write { tx in try settleIdentity(tx.log) }
    }

    func settleIdentity(_ log: Log) throws {
        guard let said = try Self.device(log),
            try IdentityFile.read(said, inFolder: folder).isPrepared
        else { return }
        try IdentityFile.takeNext(inFolder: folder)
    }

    /// A fresh identity of the same analyst, vouched for by the present one, of which all is durable but the
    /// decision, which is the caller's commit.
    func takeFreshIdentity(_ tx: WriteTransaction) throws -> Identity {
        let log = tx.log
        try settleIdentity(log)
        guard let handle = membership.roster.analyst(of: device),
            let own = membership.roster.devices[device]?.statement
        else { throw ClientError.notMember }
        let fresh = try IdentityFile.prepareNext(inFolder: folder, seed: Secret(ambient.random(32)))
        // It rests on the enrolment that gives it its voice and on nothing else: a server that lacks some other
        // statement must not keep it out. Nobody else can claim what it claims, so depth does not matter.
        let enrolment = try Statement.enrol(
            furtherDevice: fresh, by: identity, handle: handle, on: [own], time: ambient.now())
        _ = try membership.add([enrolment.bytes], to: log)
        try membership.wrapKeys(for: fresh, log)
        let waiting = try log.meta(Meta.introduction).map { try Introductions.decode($0) } ?? Introduction()
        let introduction = Introduction(
            token: waiting.token, statements: waiting.statements + [enrolment.bytes])
        try log.setMeta(Meta.introduction, Introductions.encode(introduction))
        try log.setMeta(Meta.device, fresh.device.number.bigEndianBytes)
        try log.setMeta(Meta.left, 0)
        try log.setMeta(Meta.namedStatement, membership.roster.newest?.bytes)
        try tx.setAcknowledged(0)
        return fresh
    }
}
