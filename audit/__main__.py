from saliency_audit.__main__ import main

main()
