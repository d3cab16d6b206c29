# A real RTSP server for the tests of the sources.
DEBIAN_PACKAGES += python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base \
	gstreamer1.0-plugins-good gstreamer1.0-plugins-bad

.PHONY: sign-pictures

SIGN_SIZES := 800x480 400x300 296x128 250x122

sign-pictures: $(STAMP) ## the sign on panels of usual sizes, into docs/pictures
	for size in $(SIGN_SIZES); do $(PY) -m viewkeeper.agent.cli sign preview \
	  --operator 合肥市公安局示范支队 --purpose 维护公共安全 --phone 0551-0000-0000 \
	  --url https://example.org/notice/cam-0001 --size $$size --out docs/pictures/sign-$$size.png; done

.PHONY: sign-plans

SIGN_PLANS := protocol/vectors/sign_plans.json

sign-plans: $(STAMP) ## the sign's layout on usual panels as data, into protocol/vectors
	$(PY) -m viewkeeper.agent.adapters.signage.plans > $(SIGN_PLANS).part && mv $(SIGN_PLANS).part $(SIGN_PLANS)
