import ParleyCore
import ParleyTrust
import Testing

@Suite("Whose chains are taken")
struct AdmissionTests {
    /// The first changeset of a device, signed.
    private func first(
        _ identity: Identity, _ workspace: WorkspaceID
    ) throws -> (bytes: [UInt8], signature: SignedNumber) {
        let change = ChangeID(device: identity.device, number: 1)
        let header = ChangesetHeader(change: change, time: HybridTime(number: 1 << 16), context: Frontier())
        let bytes = header.encoded(bodySize: 3) + [0, 1, 0]
        let start = Chain.start(workspace: workspace, device: identity.device)
        let signature = try Chain.sign(
            1, hash: Chain.next(after: start, bytes: bytes), workspace: workspace, by: identity)
        return (bytes, SignedNumber(change: change, signature: signature))
    }

    private func fault(
        _ identity: Identity, _ roster: Roster, pushedBy pusher: DeviceID? = nil
    ) throws -> ChainFault.Reason? {
        let made = try first(identity, roster.workspace)
        let gate = pusher.map { Admission.Gate(pusher: $0, latest: HybridTime(number: 1 << 40)) }
        let admission = Admission(workspace: roster.workspace, roster: roster, gate: gate)
        let verdict = try admission.judge([made.bytes], [made.signature], onto: [:]) { _ in nil }
        #expect(verdict.entries.count == (verdict.faults.isEmpty ? 1 : 0))
        return verdict.faults.first?.reason
    }

    @Test("a chain is taken by its keys, whether its device is in or out; who pushes its own needs a role")
    func byKeys() throws {
        var cast = try Cast()
        let (bens, unused) = (try cast.invite("ben"), try cast.invite("eve"))
        let (ben, eve) = (try cast.enrol(with: bens), try cast.enrol(with: unused))
        let out = try Statement.revoke(
            by: cast.founder, on: [cast.found.hash, ben.enrol.hash], handle: Handle("ben"),
            scope: .analyst, cuts: [])
        let barred = try Statement.revoke(
            by: cast.founder, on: [cast.found.hash, unused.grant.hash], handle: Handle("eve"),
            scope: .analyst, cuts: [])
        let roster = try cast.roster(
            [cast.found, bens.grant, ben.enrol, unused.grant, eve.enrol, out, barred])
        #expect(roster.void == [eve.enrol.hash: .revoked])
        for device in [cast.founder, ben.device, eve.device] {
            #expect(try fault(device, roster) == nil)
            #expect(try fault(device, roster, pushedBy: DeviceID(5)) == nil)
        }
        #expect(try fault(cast.founder, roster, pushedBy: cast.founder.device) == nil)
        #expect(try fault(ben.device, roster, pushedBy: ben.device.device) == .role)
        #expect(try fault(eve.device, roster, pushedBy: eve.device.device) == .role)
        #expect(try fault(cast.identity(), roster) == .notEnrolled)
    }

    @Test("an enrolment that leads to no founding of this workspace gives no keys")
    func unrooted() throws {
        var cast = try Cast()
        let stranger = try cast.identity()
        let invite = try cast.invite("ben", by: stranger)
        let ben = try cast.enrol(with: invite)
        let roster = try cast.roster([cast.found, invite.grant, ben.enrol])
        #expect(roster.void[ben.enrol.hash] == .authorityVoid)
        #expect(try fault(ben.device, roster) == .notEnrolled)
        let other = try Cast(seed: 77)
        let both = try cast.roster([cast.found, other.found])
        #expect(try fault(other.founder, both) == .notEnrolled)
    }
}
