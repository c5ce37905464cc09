"""What clients rely on in the contract, and what a change of it would break.

`python -m server.contract_guard` compares the contract with the baselines in `proto/baseline/`.
"""
