import ParleyCore

/// Which foundings, grants and enrolments bear on each other, by their places, ascending: what has to be
/// judged anew when another of them counts no longer, or counts now, or a removal comes into force.
struct Kinship {
    /// Whose authority a statement is.
    private(set) var heirs: [[Int]]
    /// By analyst: what brings the analyst in.
    private(set) var claims: [Handle: [Int]] = [:]
    /// By analyst: what brings a device in.
    private(set) var arrivals: [Handle: [Int]] = [:]
    /// By analyst: grants that their devices made, and enrolments by these, on these and of these.
    private(set) var acts: [Handle: [Int]] = [:]
    /// All handles of ``claims``, by the first claim.
    private(set) var handles: [Handle] = []
    private var keys: [[UInt8]: [Int]] = [:]

    init(_ ground: StatementGround) {
        heirs = Array(repeating: [], count: ground.statements.count)
        for (place, statement) in ground.statements.enumerated() {
            switch statement.content {
            case .found, .enrol: addArrival(place, statement, ground)
            case .grant: addAct(place, [ground.signer(of: place)])
            case .role, .revoke, .epoch, .share, .unknown: continue
            }
            if let authority = ground.authorities[place] { heirs[authority].append(place) }
        }
    }

    private mutating func addArrival(_ place: Int, _ statement: Statement, _ ground: StatementGround) {
        guard let voice = ground.voice(place), let key = statement.introduces else { return }
        arrivals[voice.handle, default: []].append(place)
        keys[key, default: []].append(place)
        if ground.admittedRole(place) != nil {
            if claims[voice.handle] == nil { handles.append(voice.handle) }
            claims[voice.handle, default: []].append(place)
        }
        guard let authority = ground.authorities[place] else { return }
        addAct(place, [voice, ground.voice(authority), ground.signer(of: authority)])
    }

    private mutating func addAct(_ place: Int, _ voices: [Voice?]) {
        for handle in Set(voices.compactMap { $0?.handle }) { acts[handle, default: []].append(place) }
    }

    /// The foundings and enrolments with the same signing key.
    func namesakes(_ statement: Statement) -> [Int] { statement.introduces.flatMap { keys[$0] } ?? [] }

    /// What has to be judged anew when the founding, grant or enrolment at `place` counts otherwise than before.
    func dependents(of place: Int, _ ground: StatementGround) -> [Int] {
        guard let voice = ground.voice(place) else { return heirs[place] }
        let rivals = ground.authorities[place].map { heirs[$0] } ?? []
        let others = (claims[voice.handle] ?? []) + namesakes(ground.statements[place]) + rivals
        return heirs[place] + others.filter { $0 > place }
    }
}
