import Chance
import ParleyCore
import ParleyTrust

/// A workspace with its founder, and shortcuts to let people in.
struct Cast {
    static let now: Int64 = 1_795_000_000_000
    static let until = now + 86_400_000

    var dice: Dice
    let founder: Identity
    let found: Statement
    let workspace: WorkspaceID

    struct NoWorkspace: Error {}

    init(seed: UInt64 = 1) throws {
        dice = Dice(seed)
        founder = try Identity(seed: Secret(dice.bytes(32)))
        found = try Statement.found(
            by: founder, handle: Handle("olga"), name: WorkspaceName("ports"), salt: dice.bytes(16),
            time: Self.now)
        guard let id = found.workspace else { throw NoWorkspace() }
        workspace = id
    }

    mutating func identity() throws -> Identity { try Identity(seed: Secret(dice.bytes(32))) }

    mutating func secret() throws -> InviteSecret { try InviteSecret(seed: Secret(dice.bytes(32))) }

    /// A grant with its invite, by the founder unless somebody else is named.
    mutating func invite(
        _ handle: String, _ purpose: Grant.Purpose = .newAnalyst(.analyst), by issuer: Identity? = nil,
        on rests: [StatementHash]? = nil, until: Int64 = Cast.until
    ) throws -> (secret: InviteSecret, grant: Statement) {
        let secret = try secret()
        let grant = try Statement.grant(
            by: issuer ?? founder, on: rests ?? [found.hash], invite: secret.publicKey,
            handle: Handle(handle), purpose: purpose, until: until)
        return (secret, grant)
    }

    /// A new device enrolled with an invite.
    mutating func enrol(
        with invite: (secret: InviteSecret, grant: Statement), time: Int64 = Cast.now
    ) throws -> (device: Identity, enrol: Statement) {
        let device = try identity()
        let enrol = try Statement.enrol(device, invite: invite.secret, grant: invite.grant, time: time)
        return (device, enrol)
    }

    func roster(_ statements: [Statement]) throws -> Roster {
        Roster(try StatementSet(statements), workspace: workspace)
    }
}

/// The error that `body` throws, if it throws one of this module.
func trustError(_ body: () throws -> Void) -> TrustError? {
    do {
        try body()
        return nil
    } catch {
        return error as? TrustError
    }
}
